#pragma once

#include <string>

namespace qmnist::cpu {

/// The vector instructions that the CPU engine uses, the widest of this CPU: "AVX2", "NEON", ... as
/// Highway names them, except that its "AVX3" is called "AVX-512".
[[nodiscard]] std::string instruction_set();

}  // namespace qmnist::cpu
