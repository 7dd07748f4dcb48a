#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "host/data/numpy_array.h"

namespace qmnist::numpy {

/// Reads the content of a .npy file of numbers, format versions 1.0 to 3.0, in C or Fortran order.
/// Of the Python literal in its header, only the dict that NumPy writes is understood; nothing is
/// ever evaluated.
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
/// @param file for errors
/// @return an array whose values lie in `content`, exactly as many as its shape says
/// @throws DataError naming file, byte and expectation
[[nodiscard]] Array parse_npy(std::span<const std::uint8_t> content, std::string_view file);

}  // namespace qmnist::numpy
