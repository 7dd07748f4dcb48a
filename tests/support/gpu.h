#pragma once

#include <string>

#include "host/engines/cuda/cuda_engine_kind.h"
#include "host/error.h"

namespace qmnist::test {

/// Why no GPU works here, for tests that skip then; empty where one does.
[[nodiscard]] inline std::string gpu_obstacle() {
  try {
    (void)cuda::kEngineKind.make({.network = Network(1, {}, 2), .optimizer = {}, .batch_size = 1});
    return "";
  } catch (const DeviceError& error) {
    return error.what();
  }
}

}  // namespace qmnist::test
