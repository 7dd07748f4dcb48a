#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace qmnist {

/// Whether the locale set by the environment uses UTF-8.
[[nodiscard]] bool environment_is_utf8();

/// Whether to use colours on standard output: it is a terminal that supports them, and NO_COLOR
/// (https://no-color.org) is not set.
[[nodiscard]] bool wants_colour();

/// Columns of the terminal on standard output; 80 if it is not a terminal.
[[nodiscard]] std::size_t terminal_columns();

/// The path relative to the working folder if it is inside, else the absolute path.
[[nodiscard]] std::string display_path(const std::filesystem::path& path);

/// Prints "qmnist_gpu: error: ..." on standard error as a single line. Errors of the write are
/// ignored.
void print_error(const std::string& message);

/// Prints "qmnist_gpu: warning: ..." likewise, after flushing standard output.
void print_warning(const std::string& message);

/// Prints kOutOfMemory as an error without allocating memory.
void print_out_of_memory() noexcept;

}  // namespace qmnist
