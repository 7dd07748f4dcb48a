#pragma once

#include "host/engines/engine_kinds.h"

namespace qmnist::cuda {

/// The entry of this engine in the registry; in a build without CUDA, cuda_engine_stub.cpp defines
/// it.
extern const EngineKind kEngineKind;

}  // namespace qmnist::cuda
