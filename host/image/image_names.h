#pragma once

#include <filesystem>
#include <string>

namespace qmnist {

/// Whether a file has the name of an image that decode_image() reads: its extension is .png, .jpg,
/// .jpeg, .tif, .tiff, .webp, .gif, .bmp, .pbm, .pgm or .ppm, in any case, and it is not hidden.
[[nodiscard]] bool is_image_name(const std::filesystem::path& file);

/// For errors: "<folder>: contains no images; expected files that end in .png, .jpg, ...".
[[nodiscard]] std::string no_images_in(const std::filesystem::path& folder);

}  // namespace qmnist
