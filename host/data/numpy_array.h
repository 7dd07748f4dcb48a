#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/data/label.h"

namespace qmnist::numpy {

/// NumPy's dtype of a number.
struct Type {
  char kind;  ///< as NumPy's: u, i or f
  std::size_t bytes;
  bool big_endian;
};

/// An array as its file describes it; does not own its values.
struct Array {
  std::string file;    ///< for errors
  std::size_t offset;  ///< of the values in the file
  std::vector<std::uint64_t> shape;
  Type type;
  bool fortran_order;  ///< else C order
  std::span<const std::uint8_t> values;
};

/// The bits of a number, the sign of an integer extended to all of them.
[[nodiscard]] std::uint64_t read_bits(std::span<const std::uint8_t> bytes, const Type& type);

/// Images as a Dataset holds them, of levels [count, 28, 28] or [count, 784] in Fortran order,
/// where the image's number varies fastest.
/// @param is_flat whether it is [count, 784]
[[nodiscard]] std::vector<std::uint8_t> to_c_order(std::span<const std::uint8_t> levels,
                                                   std::size_t count, bool is_flat);

/// A label, checked as checked_label does.
template <typename Fail>
[[nodiscard]] std::uint8_t read_label(std::span<const std::uint8_t> bytes, const Type& type,
                                      std::size_t image, const LabelRange& range,
                                      const Fail& fail) {
  const std::uint64_t bits = read_bits(bytes, type);
  return type.kind == 'i' ? checked_label(image, static_cast<std::int64_t>(bits), range, fail)
                          : checked_label(image, bits, range, fail);
}

/// The grey levels of an array of shape [count, 784], [count, 28, 28], [count, 28, 28, 1] or
/// [count, 1, 28, 28]: integers, or floats that are all whole levels or all from 0 to 1 and
/// within 1e-3 of a level when multiplied by 255.
/// @throws DataError naming file, byte and expectation
[[nodiscard]] std::vector<std::uint8_t> to_pixels(const Array& array);

/// The labels of an array of integers of shape [count] or [count, 1].
/// @throws DataError naming file, byte and expectation
[[nodiscard]] std::vector<std::uint8_t> to_labels(const Array& array, std::size_t count,
                                                  const LabelRange& range);

}  // namespace qmnist::numpy
