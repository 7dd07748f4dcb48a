#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/engines/engine.h"

namespace qmnist::cuda {

// What this folder offers to the rest of the program; cuda_engine_stub.cpp takes its place in a
// build without CUDA. Both throw DeviceError saying why there is no GPU that can be used.

/// Makes a CudaEngine.
[[nodiscard]] std::unique_ptr<Engine> make_cuda_engine(EngineSettings settings);

/// One line for people about each GPU, at least one: what it is, or why it cannot be used.
[[nodiscard]] std::vector<std::string> describe_cuda_devices();

}  // namespace qmnist::cuda
