#pragma once

#include <filesystem>
#include <string_view>

#include "host/file_descriptor.h"

namespace qmnist {

/// Writes all of `content` at the file's position. @return false with errno set if that fails
[[nodiscard]] bool write_all(const FileDescriptor& file, std::string_view content);

/// Throws the UsageError of a file that cannot be written, with errno's message.
[[noreturn]] void throw_write_error(const std::filesystem::path& path);

}  // namespace qmnist
