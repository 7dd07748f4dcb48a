#pragma once

#include <fmt/ranges.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist::test {

/// A .npy file, format version 1.0, as NumPy writes it.
inline std::string npy_file(std::string_view descr, bool fortran_order,
                            const std::vector<std::uint64_t>& shape, std::string_view values) {
  constexpr std::size_t kPreamble = 10;
  constexpr std::size_t kAlignment = 64;
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': ({}{}), }}",
                                   descr, fortran_order ? "True" : "False", fmt::join(shape, ", "),
                                   shape.size() == 1 ? "," : "");
  header.resize((kPreamble + header.size() + kAlignment) / kAlignment * kAlignment - kPreamble - 1,
                ' ');
  header += '\n';
  std::string file("\x93NUMPY\1\0", 8);
  file += static_cast<char>(header.size() & 0xFFU);
  file += static_cast<char>(header.size() >> 8U);
  return file.append(header).append(values);
}

/// A .npy file of bytes in C order.
inline std::string npy_file(const std::vector<std::uint64_t>& shape,
                            std::span<const std::uint8_t> values) {
  return npy_file("|u1", false, shape,
                  {reinterpret_cast<const char*>(values.data()), values.size()});
}

}  // namespace qmnist::test
