#include "host/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "host/write_file.h"

namespace qmnist {
namespace {

/// Removes the temporary file and throws an error with errno's message.
[[noreturn]] void fail(const std::filesystem::path& path, const std::string& temporary) {
  const int reason = errno;
  std::error_code ignored;
  std::filesystem::remove(temporary, ignored);
  errno = reason;
  throw_write_error(path);
}

}  // namespace

void write_atomically(const std::filesystem::path& path, std::string_view content) {
  write_atomically(path, {&content, 1});
}

void write_atomically(const std::filesystem::path& path, std::span<const std::string_view> pieces) {
  const std::string temporary = path.string() + std::string(kTemporaryEnding);
  constexpr mode_t kReadableByAll = 0644;
  const FileDescriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kReadableByAll));
  const auto write = [&](std::string_view piece) { return write_all(file, piece); };
  if (!file || !std::ranges::all_of(pieces, write) || ::fsync(file.get()) != 0 ||
      std::rename(temporary.c_str(), path.c_str()) != 0) {
    fail(path, temporary);
  }
}

}  // namespace qmnist
