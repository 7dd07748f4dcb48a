#include "host/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "host/error.h"
#include "host/file_descriptor.h"

namespace qmnist {
namespace {

/// Removes the temporary file and throws an error with errno's message.
[[noreturn]] void fail(const std::filesystem::path& path, const std::string& temporary) {
  const std::error_code reason(errno, std::generic_category());
  std::error_code ignored;
  std::filesystem::remove(temporary, ignored);
  throw UsageError(
      "{}: cannot be written: {}; choose a writable folder with free space (a run's is output.dir)",
      path.string(), reason.message());
}

}  // namespace

void write_atomically(const std::filesystem::path& path, std::string_view content) {
  const std::string temporary = path.string() + std::string(kTemporaryEnding);
  constexpr mode_t kReadableByAll = 0644;
  const FileDescriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kReadableByAll));
  if (!file) {
    fail(path, temporary);
  }
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      fail(path, temporary);
    }
    content.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0 || std::rename(temporary.c_str(), path.c_str()) != 0) {
    fail(path, temporary);
  }
}

}  // namespace qmnist
