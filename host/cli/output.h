#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace qmnist {

/// Prepares the standard streams; call this first. A stream that is closed on entry is replaced by
/// one on which reads and writes fail, so that no file opened later gets its descriptor. Ignores
/// SIGXFSZ, so that exceeding the file size limit (ulimit -f) is a failed write.
void prepare_streams();

/// Ignores SIGPIPE, so that a training run finishes even if the reader of its output exits
/// (`| head`).
void ignore_broken_pipe();

/// Writes to standard output, buffered. Never throws: an error is recorded and reported by
/// close_output(), so that training is not lost with its output. All commands print through these
/// functions.
void print_text(std::string_view text);
void flush_output();

template <typename... Args>
void print_out(fmt::format_string<Args...> format, Args&&... args) {
  print_text(fmt::format(format, std::forward<Args>(args)...));
}

/// Flushes standard output and reports its errors.
/// @throws UsageError if a write failed, except for a closed pipe
void close_output();

}  // namespace qmnist
