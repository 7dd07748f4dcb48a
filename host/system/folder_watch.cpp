#include "host/system/folder_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "host/error.h"

namespace qmnist {
namespace {

constexpr std::uint32_t kArrived = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr std::uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

[[noreturn]] void throw_system_error(const std::filesystem::path& folder) {
  if (errno == EMFILE || errno == ENOSPC) {  // of inotify_init1 and inotify_add_watch
    throw UsageError(
        "{}: cannot be watched: the system watches as many folders as it may; raise "
        "fs.inotify.max_user_instances and fs.inotify.max_user_watches",
        folder.string());
  }
  throw DataError("{}: cannot be watched: {}; expected a folder", folder.string(),
                  std::generic_category().message(errno));
}

}  // namespace

FolderWatch::FolderWatch(std::filesystem::path folder)
    : folder_(std::move(folder)), descriptor_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (!descriptor_ ||
      inotify_add_watch(descriptor_.get(), folder_.c_str(), kArrived | kGone | IN_ONLYDIR) < 0) {
    throw_system_error(folder_);
  }
}

std::vector<std::string> FolderWatch::wait(const FileDescriptor& stop) {
  std::vector<std::string> names;
  while (names.empty()) {
    std::array<pollfd, 2> inputs{{{descriptor_.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}}};
    if (::poll(inputs.data(), inputs.size(), -1) < 0 && errno != EINTR) {
      throw_system_error(folder_);
    }
    if (inputs[1].revents != 0) {
      return {};
    }
    read_events(names);
  }
  return names;
}

void FolderWatch::read_events(std::vector<std::string>& names) {
  alignas(inotify_event) std::array<char, 1 << 14> events;  // NOLINT: filled below
  for (ssize_t size = 0; (size = ::read(descriptor_.get(), events.data(), events.size())) > 0;) {
    for (std::size_t place = 0; place < static_cast<std::size_t>(size);) {
      inotify_event event;  // NOLINT: filled below
      std::memcpy(&event, events.data() + place, sizeof(event));
      const char* const name = events.data() + place + sizeof(event);
      place += sizeof(event) + event.len;
      if ((event.mask & kGone) != 0) {
        throw DataError("{}: was removed or moved; expected a folder that stays", folder_.string());
      }
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        throw DataError(
            "{}: more files came at once than the system reports; name the folder as IMAGE, too",
            folder_.string());
      }
      const bool is_file = event.len > 0 && (event.mask & IN_ISDIR) == 0;
      if (is_file && std::ranges::find(names, std::string_view(name)) == names.end()) {
        names.emplace_back(name);
      }
    }
  }
}

}  // namespace qmnist
