#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace qmnist {

/// Prepares the standard streams; to be called first. A stream that is closed on entry is replaced
/// by one that refuses to be used, so that no file opened later takes its place. A file that grows
/// beyond its limit (ulimit -f) is a failed write from now on, not a signal.
void prepare_streams();

/// From now on a closed pipe behind standard output (`| head`) does not end the program: a training
/// run is worth finishing without its reader.
void outlive_closed_pipe();

/// Writes to standard output, buffered. A failure is kept for close_output() and never thrown, as
/// training must not be lost with its output. All commands print through these functions.
void print_text(std::string_view text);
void flush_output();

template <typename... Args>
void print_out(fmt::format_string<Args...> format, Args&&... args) {
  print_text(fmt::format(format, std::forward<Args>(args)...));
}

/// Ends the use of standard output.
/// @throws UsageError where not all of it could be written; a closed pipe is no error.
void close_output();

}  // namespace qmnist
