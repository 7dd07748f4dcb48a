#pragma once

#include <string>

namespace qmnist::cpu {

/// The CPU's name as the system gives it, or its architecture where it gives none.
[[nodiscard]] std::string cpu_model();

}  // namespace qmnist::cpu
