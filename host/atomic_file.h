#pragma once

#include <filesystem>
#include <string_view>

namespace qmnist {

/// Ending of files that are being written; one that is left over is of no use.
inline constexpr std::string_view kTemporaryEnding = ".tmp";

/// Replaces a file's content so that, whatever happens, either the old or the new content is there:
/// writes to a temporary name in the same folder, flushes to disk, renames.
/// @throws UsageError naming the file and the system's reason; the old content stays.
void write_atomically(const std::filesystem::path& path, std::string_view content);

}  // namespace qmnist
