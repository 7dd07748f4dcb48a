#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qmnist {

/// A picture that the command line asks for.
struct ImageFile {
  std::string name;                  ///< its path, or "-" for standard input
  bool is_in_folder = false;         ///< of a folder that was named, not named itself
  std::optional<std::string> error;  ///< why there is no such picture
};

/// The pictures that arguments name: files, "-", and folders, which stand for the pictures right in
/// them, by their endings (.png, .jpg, .jpeg, .bmp, .pgm, .ppm), sorted by name. Hidden files and
/// folders within are left out.
[[nodiscard]] std::vector<ImageFile> list_image_files(const std::vector<std::string>& arguments);

/// Reads a picture's content to the end. @throws DataError
[[nodiscard]] std::vector<std::uint8_t> read_image_file(const ImageFile& file);

}  // namespace qmnist
