#pragma once

#include "host/engines/engine_kinds.h"

namespace qmnist::cuda {

/// The entry of this engine in the registry. Its functions load libqmnist_cuda.so, which holds the
/// rest of this folder, at their first call; where it cannot be loaded, they throw DeviceError.
extern const EngineKind kEngineKind;

}  // namespace qmnist::cuda
