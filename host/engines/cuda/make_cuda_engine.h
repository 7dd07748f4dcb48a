#pragma once

#include <memory>

#include "host/engines/engine.h"

namespace qmnist {

/// Makes a CudaEngine; the one function of this folder that is there without CUDA too.
/// @throws DeviceError saying why no GPU can be used
[[nodiscard]] std::unique_ptr<Engine> make_cuda_engine(EngineSettings settings);

}  // namespace qmnist
