#pragma once

#include <ostream>
#include <vector>

#include "host/engines/engine_kinds.h"

namespace qmnist {

/// GoogleTest's printer, for the names of tests.
inline void PrintTo(const EngineKind* kind, std::ostream* stream) {  // NOLINT: GoogleTest's name
  *stream << kind->name;
}

}  // namespace qmnist

namespace qmnist::test {

/// The engines that this program's engine_test.cpp is about: that source is compiled into two
/// programs, of which one needs a GPU.
[[nodiscard]] std::vector<const EngineKind*> engines_under_test();

}  // namespace qmnist::test
