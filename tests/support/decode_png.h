#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace qmnist::test {

using Rgb = std::array<std::uint8_t, 3>;

/// A decoded PNG file.
struct Picture {
  std::size_t width;
  std::size_t height;
  std::size_t channels;     ///< in the file: 1 grey, 3 colour
  std::vector<Rgb> pixels;  ///< [height, width]

  [[nodiscard]] const Rgb& at(std::size_t x, std::size_t y) const {
    return pixels.at(y * width + x);
  }
};

/// @throws std::runtime_error where these are no bytes of a PNG file.
[[nodiscard]] Picture decode_png(std::string_view bytes);

/// The file in a data URI. @throws std::runtime_error where it is no PNG in base64.
[[nodiscard]] Picture decode_data_uri(std::string_view uri);

}  // namespace qmnist::test
