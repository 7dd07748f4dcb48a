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
      "{} failed, most likely because there is not enough memory: {}; files written before are "
      "complete",
      task, reason);
}

std::string run_in_this_process(std::string_view task, const std::function<std::string()>& work) {
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

// Unlike glibc's, a sanitizer's allocator stays locked in the child if another thread of the parent
// holds its lock at fork().
std::string run_in_child(std::string_view task, const std::function<std::string()>& work) {
  return run_in_this_process(task, work);
}

#else

namespace {

// Last byte that the child sends; missing if a signal ended it.
constexpr char kResult = 'r';
constexpr char kNoMemory = 'm';
constexpr char kFailure = 'f';  // after the exception's message

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

/// Closes the parent's files except this one and the standard streams: the child may outlive the
/// parent and would keep its file locks. @return the file's new descriptor
int close_all_except(int file) {
  constexpr int kKept = STDERR_FILENO + 1;
  constexpr int kDefaultLimit = 1024;
  if (::dup2(file, kKept) < 0) {
    return -1;
  }
  if (::close_range(kKept + 1, ~0U, 0) != 0) {  // Linux before 5.9
    for (int other = kKept + 1; other < kDefaultLimit; ++other) {
      ::close(other);
    }
  }
  return kKept;
}

/// The child's main function. Suppresses messages of an aborting library and core files.
[[noreturn]] void work_and_exit(const std::function<std::string()>& work, int to) noexcept {
  to = close_all_except(to);
  const int null_device = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  (void)::dup2(null_device, STDERR_FILENO);
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
  std::array<char, 1 << 16> chunk;
  while (true) {
    const ssize_t got = ::read(from, chunk.data(), chunk.size());
    if (got == 0) {
      return bytes;
    }
    if (got < 0 && errno != EINTR) {
      return std::nullopt;
    }
    bytes.append(chunk.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }
}

/// Waits for the child to exit. @return the signal that ended it; 0 for none
int wait_for_child(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return 0;
    }
  }
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/// Extracts the result from the bytes that a child sent. @throws if there is none
std::string result_of(std::string sent, int signal, std::string_view task) {
  const char end = sent.empty() || signal != 0 ? '\0' : sent.back();
  if (end == kResult) {
    sent.pop_back();
    return sent;
  }
  if (end == kNoMemory) {
    throw std::bad_alloc();
  }
  std::string reason = "its process exited early";
  if (signal != 0) {
    reason = fmt::format("its process was killed by signal {}", signal);
  } else if (end == kFailure) {
    reason = sent.substr(0, sent.size() - 1);
  }
  fail(task, reason);
}

}  // namespace

std::string run_in_child(std::string_view task, const std::function<std::string()>& work) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  // Work done here may have left threads of libraries, which a child would lack and wait for
  // (Pango's for fonts): then no more children.
  static bool runs_here = false;
  std::array<int, 2> ends{};
  if (runs_here || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    runs_here = true;
    return run_in_this_process(task, work);
  }
  const FileDescriptor from(ends[0]);
  std::optional<FileDescriptor> to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    runs_here = true;
    return run_in_this_process(task, work);
  }
  if (child == 0) {
    work_and_exit(work, to->get());
  }
  to.reset();  // otherwise read() never sees the end of the file
  std::optional<std::string> sent = receive_all(from.get());
  const int signal = wait_for_child(child);
  return result_of(std::move(sent).value_or(""), signal, task);
}

#endif

}  // namespace qmnist
