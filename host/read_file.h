#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "host/error.h"

namespace qmnist {

/// Reads a regular file.
/// @return the system's error message; empty on success
[[nodiscard]] std::string try_read_file(const std::filesystem::path& path, std::string& content);

/// Reads a regular file; all input files of the program are read by this function.
/// @param expected what the file should be, for the message
/// @throws Failure (UsageError or DataError) with the file's name and the system's reason
template <typename Failure>
[[nodiscard]] std::string read_file(const std::filesystem::path& path, std::string_view expected) {
  std::string content;
  if (const std::string reason = try_read_file(path, content); !reason.empty()) {
    throw Failure("{}: cannot be read: {}; expected {}", path.string(), reason, expected);
  }
  return content;
}

[[nodiscard]] inline std::span<const std::uint8_t> bytes_of(std::string_view content) {
  return {reinterpret_cast<const std::uint8_t*>(content.data()), content.size()};
}

}  // namespace qmnist
