#include "host/write_file.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "host/error.h"

namespace qmnist {

bool write_all(const FileDescriptor& file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    content.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return true;
}

void throw_write_error(const std::filesystem::path& path) {
  const std::error_code reason(errno, std::generic_category());
  throw UsageError(
      "{}: cannot be written: {}; choose a writable folder with free space (a run's is output.dir)",
      path.string(), reason.message());
}

}  // namespace qmnist
