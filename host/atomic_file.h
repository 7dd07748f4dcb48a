#pragma once

#include <filesystem>
#include <span>
#include <string_view>

namespace qmnist {

/// Extension of files that are being written; leftover ones can be deleted.
inline constexpr std::string_view kTemporaryEnding = ".tmp";

/// Replaces a file's content atomically: writes a temporary file in the same folder, syncs it to
/// disk, and renames it.
/// @throws UsageError naming the file and the system's reason; the old content stays
void write_atomically(const std::filesystem::path& path, std::string_view content);

/// The same with a content in pieces, one after the other.
void write_atomically(const std::filesystem::path& path, std::span<const std::string_view> pieces);

}  // namespace qmnist
