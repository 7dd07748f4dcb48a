#include "host/system/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "host/error.h"
#include "host/file_descriptor.h"

namespace qmnist {

namespace {

[[noreturn]] void fail(std::string_view task, std::string_view reason) {
  throw UsageError(
      "{} failed, most likely as there is not enough memory: {}; what was written before is "
      "complete",
      task, reason);
}

std::string run_here(std::string_view task, const std::function<std::string()>& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    fail(task, error.what());
  }
}

}  // namespace

#ifdef QMNIST_SANITIZED

// A sanitizer's allocator, unlike glibc's, stays locked in the child where another thread of the
// parent was in it.
std::string run_in_child(std::string_view task, const std::function<std::string()>& work) {
  return run_here(task, work);
}

#else

namespace {

// Last byte of what a child sends; none where it was ended by a signal.
constexpr char kResult = 'r';
constexpr char kNoMemory = 'm';
constexpr char kFailure = 'f';  // behind the exception's message

bool send_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(to, bytes.data(), bytes.size());
    if (sent < 0 && errno != EINTR) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
  }
  return true;
}

/// Keeps no file of the parent but this one: locks would last as long as the child, which may
/// outlive the parent. @return its new descriptor
int keep_only(int file) {
  constexpr int kKept = STDERR_FILENO + 1;
  constexpr int kUsualLimit = 1024;
  if (::dup2(file, kKept) < 0) {
    return -1;
  }
  if (::close_range(kKept + 1, ~0U, 0) != 0) {  // Linux before 5.9
    for (int other = kKept + 1; other < kUsualLimit; ++other) {
      ::close(other);
    }
  }
  return kKept;
}

/// The child's life. What a library says on its way out is not for the user, and its memory is not
/// worth a core file.
[[noreturn]] void work_and_exit(const std::function<std::string()>& work, int to) noexcept {
  to = keep_only(to);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  (void)::dup2(nowhere, STDERR_FILENO);
  constexpr rlimit kNone{.rlim_cur = 0, .rlim_max = 0};
  (void)::setrlimit(RLIMIT_CORE, &kNone);
  (void)std::signal(SIGABRT, SIG_DFL);
  char end = kResult;
  try {
    (void)send_all(to, work());
  } catch (const std::bad_alloc&) {
    end = kNoMemory;
  } catch (const std::exception& error) {
    (void)send_all(to, error.what());
    end = kFailure;
  }
  (void)send_all(to, {&end, 1});
  ::_exit(0);
}

std::optional<std::string> receive_all(int from) {
  std::string bytes;
  std::array<char, 1 << 16> piece;
  while (true) {
    const ssize_t got = ::read(from, piece.data(), piece.size());
    if (got == 0) {
      return bytes;
    }
    if (got < 0 && errno != EINTR) {
      return std::nullopt;
    }
    bytes.append(piece.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }
}

/// Waits for the child's end. @return the signal that ended it; 0 for none
int signal_that_ended(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return 0;
    }
  }
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/// @throws where there is no result in what a child sent
std::string result_of(std::string sent, int signal, std::string_view task) {
  const char end = sent.empty() || signal != 0 ? '\0' : sent.back();
  if (end == kResult) {
    sent.pop_back();
    return sent;
  }
  if (end == kNoMemory) {
    throw std::bad_alloc();
  }
  std::string reason = "its process ended early";
  if (signal != 0) {
    reason = fmt::format("its process ended by signal {}", signal);
  } else if (end == kFailure) {
    reason = sent.substr(0, sent.size() - 1);
  }
  fail(task, reason);
}

}  // namespace

std::string run_in_child(std::string_view task, const std::function<std::string()>& work) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return run_here(task, work);
  }
  const FileDescriptor from(ends[0]);
  std::optional<FileDescriptor> to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return run_here(task, work);
  }
  if (child == 0) {
    work_and_exit(work, to->get());
  }
  to.reset();  // or the child's end would not be seen
  std::optional<std::string> sent = receive_all(from.get());
  const int signal = signal_that_ended(child);
  return result_of(std::move(sent).value_or(""), signal, task);
}

#endif

}  // namespace qmnist
