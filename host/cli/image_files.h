#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qmnist {

/// An image named by the command line, directly or through its folder.
struct ImageFile {
  std::string name;                  ///< its path, or "-" for standard input
  bool is_in_folder = false;         ///< found in a folder that the command line names
  std::optional<std::string> error;  ///< why it cannot be read
};

/// Lists the images that the arguments name: files, "-", and folders. A folder is replaced by the
/// images in it, sorted by name: files with the extension .png, .jpg, .jpeg, .tif, .tiff, .webp,
/// .gif, .bmp, .pbm, .pgm or .ppm, without hidden files and subfolders.
[[nodiscard]] std::vector<ImageFile> list_image_files(const std::vector<std::string>& arguments);

/// Reads the whole content of an image file. @throws DataError
[[nodiscard]] std::vector<std::uint8_t> read_image_file(const ImageFile& file);

}  // namespace qmnist
