#pragma once

#include <string>

namespace qmnist {

/// The vector instructions that the CPU engine uses, the widest of this CPU: "AVX2", "AVX3" for
/// AVX-512, "NEON", ...
[[nodiscard]] std::string instruction_set();

}  // namespace qmnist
