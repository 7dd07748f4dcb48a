#include "host/data/numpy_array.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "host/data/dataset.h"
#include "host/error.h"

namespace qmnist::numpy {
namespace {

constexpr double kMaxLevel = 255;

/// The sizes behind the number of images, without a channel of size 1.
std::vector<std::uint64_t> image_shape(const Array& array) {
  std::vector<std::uint64_t> shape(array.shape.begin() + 1, array.shape.end());
  if (shape.size() == 3 && shape.front() == 1) {
    shape.erase(shape.begin());
  } else if (shape.size() == 3 && shape.back() == 1) {
    shape.pop_back();
  }
  return shape;
}

[[noreturn]] void fail_shape(const Array& array, std::string_view expected) {
  throw DataError("{}: byte 0: has shape ({}); expected {}", array.file,
                  fmt::join(array.shape, ", "), expected);
}

std::span<const std::uint8_t> value_at(const Array& array, std::size_t index) {
  return array.values.subspan(index * array.type.bytes, array.type.bytes);
}

std::vector<std::uint8_t> integer_levels(const Array& array) {
  const auto [kind, width, big_endian] = array.type;
  const std::size_t low = big_endian ? width - 1 : 0;
  std::vector<std::uint8_t> levels(array.values.size() / width);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto bytes = value_at(array, i);
    const bool fits = read_bits(bytes, array.type) <= 0xFF;
    if (!fits) {
      const std::uint64_t bits = read_bits(bytes, array.type);
      throw DataError(
          "{}: byte {}: a pixel is {}; expected grey levels from 0 to 255", array.file,
          array.offset + i * width,
          kind == 'i' ? fmt::to_string(static_cast<std::int64_t>(bits)) : fmt::to_string(bits));
    }
    levels[i] = bytes[low];
  }
  return levels;
}

double read_float(std::span<const std::uint8_t> bytes, const Type& type) {
  const std::uint64_t bits = read_bits(bytes, type);
  return type.bytes == sizeof(float)
             ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)))
             : std::bit_cast<double>(bits);
}

bool are_all_to_one(const Array& array) {
  for (std::size_t i = 0; i < array.values.size() / array.type.bytes; ++i) {
    const double value = read_float(value_at(array, i), array.type);
    if (!(value >= 0 && value <= 1)) {
      return false;
    }
  }
  return true;
}

std::vector<std::uint8_t> float_levels(const Array& array) {
  constexpr double kTolerance = 1e-3;
  constexpr double kLeast = 1e-30;  // what is smaller without being 0 was no float
  const bool is_scaled = are_all_to_one(array);
  std::vector<std::uint8_t> levels(array.values.size() / array.type.bytes);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const double value = read_float(value_at(array, i), array.type);
    const double level = is_scaled ? value * kMaxLevel : value;
    const double nearest = std::round(level);
    const bool is_level = level >= 0 && level <= kMaxLevel && (level == 0 || level >= kLeast) &&
                          std::abs(level - nearest) <= (is_scaled ? kTolerance : 0);
    if (!is_level) {
      throw DataError(
          "{}: byte {}: a pixel is {}; expected whole grey levels from 0 to 255, or 255ths of them "
          "from 0 to 1 in all pixels",
          array.file, array.offset + i * array.type.bytes, value);
    }
    levels[i] = static_cast<std::uint8_t>(nearest);
  }
  return levels;
}

std::vector<std::uint8_t> levels_of(const Array& array) {
  if (array.type.kind == 'f') {
    return float_levels(array);
  }
  if (array.type.kind == 'u' && array.type.bytes == 1) {
    return {array.values.begin(), array.values.end()};
  }
  return integer_levels(array);
}

}  // namespace

std::uint64_t read_bits(std::span<const std::uint8_t> bytes, const Type& type) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bits = bits << 8U | bytes[type.big_endian ? i : bytes.size() - 1 - i];
  }
  const std::size_t unused = 64 - 8 * bytes.size();
  return type.kind == 'i'
             ? static_cast<std::uint64_t>(static_cast<std::int64_t>(bits << unused) >> unused)
             : bits;
}

std::vector<std::uint8_t> to_c_order(std::span<const std::uint8_t> levels, std::size_t count,
                                     bool is_flat) {
  std::vector<std::uint8_t> reordered(levels.size());
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    const std::size_t row = pixel / kImageSide;
    const std::size_t column = pixel % kImageSide;
    const std::size_t first = (is_flat ? pixel : column * kImageSide + row) * count;
    for (std::size_t image = 0; image < count; ++image) {
      reordered[image * kPixels + pixel] = levels[first + image];
    }
  }
  return reordered;
}

std::vector<std::uint8_t> to_pixels(const Array& array) {
  using Shape = std::vector<std::uint64_t>;
  if (array.shape.empty() || array.shape[0] == 0) {
    fail_shape(array, "at least one image");
  }
  const Shape image = image_shape(array);
  const bool is_flat = image == Shape{kPixels};
  if (!is_flat && image != Shape{kImageSide, kImageSide}) {
    fail_shape(array, fmt::format("(count, {0}, {0}) or (count, {1})", kImageSide, kPixels));
  }
  std::vector<std::uint8_t> levels = levels_of(array);
  return array.fortran_order ? to_c_order(levels, array.shape[0], is_flat) : std::move(levels);
}

std::vector<std::uint8_t> to_labels(const Array& array, std::size_t count,
                                    const LabelRange& range) {
  const auto& shape = array.shape;
  if (shape.empty() || shape.size() > 2 || shape[0] != count ||
      (shape.size() == 2 && shape[1] != 1)) {
    fail_shape(array, fmt::format("({0}) or ({0}, 1), a label for each image", count));
  }
  if (array.type.kind == 'f') {
    throw DataError("{}: byte 0: has labels of dtype f{}; expected integers", array.file,
                    array.type.bytes);
  }
  std::vector<std::uint8_t> labels(count);
  for (std::size_t i = 0; i < count; ++i) {
    labels[i] = read_label(value_at(array, i), array.type, i, range, [&](std::string_view problem) {
      throw DataError("{}: byte {}: {}", array.file, array.offset + i * array.type.bytes, problem);
    });
  }
  return labels;
}

}  // namespace qmnist::numpy
