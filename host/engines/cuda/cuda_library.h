#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "host/engines/engine.h"

namespace qmnist::cuda {

/// What libqmnist_cuda.so gives the program that loads it. See EngineKind.
struct CudaLibrary {
  std::vector<std::unique_ptr<Engine>> (*make_group)(std::vector<EngineSettings>);
  std::size_t (*device_bytes)(const EngineSettings&);
  std::size_t (*networks_at_once)(const EngineSettings&);
  std::vector<std::string> (*devices)();
  std::size_t (*device_of_rank)(World&);
  std::string (*obstacle_to_ranks)();
};

}  // namespace qmnist::cuda

/// The only symbol that the library exports.
// NOLINTNEXTLINE(readability-identifier-naming): a prefix, as C has no namespaces
extern "C" [[gnu::visibility("default")]] const qmnist::cuda::CudaLibrary qmnist_cuda_library;
