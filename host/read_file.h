#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "host/error.h"

namespace qmnist {

/// Reads a regular file to its end.
/// @return why that is not possible, in the system's words; empty if it was
[[nodiscard]] std::string try_read_file(const std::filesystem::path& path, std::string& content);

/// The content of a file; every file that the program takes is read by this function.
/// @param expected what it should be, for the message
/// @throws Failure, UsageError or DataError, with the file and the system's reason
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
