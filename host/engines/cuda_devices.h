#pragma once

#include <string>

namespace qmnist {

/// Why training cannot run on a GPU here, for people.
[[nodiscard]] std::string cuda_obstacle();

}  // namespace qmnist
