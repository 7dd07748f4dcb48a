#include "host/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "host/file_descriptor.h"

namespace qmnist {
namespace {

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

}  // namespace

std::string try_read_file(const std::filesystem::path& path, std::string& content) {
  constexpr std::size_t kMinRead = 1 << 16;
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    return reason_of(errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return S_ISDIR(status.st_mode) ? reason_of(EISDIR) : "it is not a regular file";
  }
  content.resize(static_cast<std::size_t>(status.st_size) + 1);  // one more to detect the end
  for (std::size_t size = 0;;) {
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno != EINTR) {
      return reason_of(errno);
    }
    if (got == 0) {
      content.resize(size);
      return "";
    }
    size += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    if (size == content.size()) {
      content.resize(size + std::max(size, kMinRead));
    }
  }
}

}  // namespace qmnist
