#pragma once

#include <string>
#include <string_view>

#include "host/image/image.h"

namespace qmnist {

/// The bytes of a PNG file, 8 bits of grey.
/// Format: https://www.w3.org/TR/png/
/// @param image of at least one pixel
[[nodiscard]] std::string encode_png(const GreyImage& image);

/// A PNG file as the value of an HTML or SVG attribute: "data:image/png;base64,...".
[[nodiscard]] std::string png_data_uri(std::string_view png);

}  // namespace qmnist
