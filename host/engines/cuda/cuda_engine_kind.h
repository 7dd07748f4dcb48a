#pragma once

#include "host/engines/engine_kinds.h"

namespace qmnist::cuda {

/// What this folder offers to the rest of the program; in a build without CUDA,
/// cuda_engine_stub.cpp defines it.
extern const EngineKind kEngineKind;

}  // namespace qmnist::cuda
