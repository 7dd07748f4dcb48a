#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qmnist {

/// An image that the command line asks for.
struct ImageFile {
  std::string name;                  ///< its path, or "-" for standard input
  bool is_in_folder = false;         ///< of a folder that was named, not named itself
  std::optional<std::string> error;  ///< why it cannot be read
};

/// The images that arguments name: files, "-", and folders, which stand for the images directly in
/// them, by their extensions (.png, .jpg, .jpeg, .tif, .tiff, .webp, .gif, .bmp, .pbm, .pgm, .ppm),
/// sorted by name. Hidden files and subfolders are left out.
[[nodiscard]] std::vector<ImageFile> list_image_files(const std::vector<std::string>& arguments);

/// Reads the whole content of an image file. @throws DataError
[[nodiscard]] std::vector<std::uint8_t> read_image_file(const ImageFile& file);

}  // namespace qmnist
