#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "host/data/read_options.h"

namespace qmnist {

/// Pictures as a network's input, and the checksums of their files.
struct Pictures {
  std::vector<std::uint8_t> pixels;  ///< [count, 28, 28]
  std::vector<std::string> sha256;   ///< [count], lower-case hexadecimal
};

/// Reads pictures of any format that decode_image() knows, on all cores.
///
/// An opaque picture of 28 x 28 grey levels is taken as it is; any other is preprocessed as by
/// Preprocess::kAuto.
/// @throws DataError for the first file that is unreadable or damaged or has no ink;
///   UsageError like require_image_decoders()
[[nodiscard]] Pictures read_pictures(std::span<const std::filesystem::path> files,
                                     const OnFilesRead& on_files_read = {});

}  // namespace qmnist
