#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace qmnist {

/// Whether the locale that the environment asks for writes UTF-8.
[[nodiscard]] bool environment_is_utf8();

/// Whether colours are wanted on standard output: it is a terminal that has them, and NO_COLOR
/// (https://no-color.org) is not set.
[[nodiscard]] bool wants_colour();

/// Columns of the terminal on standard output, 80 where it is none.
[[nodiscard]] std::size_t terminal_columns();

/// A path as short as it can be said from the working folder.
[[nodiscard]] std::string shown(const std::filesystem::path& path);

/// Prints "qmnist_gpu: error: ..." on standard error, one line whatever the message holds. Where
/// nobody can hear it, nothing is thrown for that.
void print_error(const std::string& message);

/// Prints "qmnist_gpu: warning: ..." likewise, after what standard output holds back.
void print_warning(const std::string& message);

/// The same of kOutOfMemory, without allocating any.
void print_out_of_memory() noexcept;

}  // namespace qmnist
