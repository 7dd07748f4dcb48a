#pragma once

#include <vector>

#include "host/engines/engine_kinds.h"

namespace qmnist::test {

/// The engines that this program's engine_test.cpp is about: that source is compiled into two
/// programs, of which one needs a GPU.
[[nodiscard]] std::vector<const EngineKind*> engines_under_test();

}  // namespace qmnist::test
