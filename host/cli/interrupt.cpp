#include "host/cli/interrupt.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

#include "host/error.h"

namespace qmnist {
namespace {

std::atomic<bool> is_interrupted = false;
std::atomic<int> to_wake = -1;  ///< an eventfd
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "a signal handler uses them");

void on_signal(int /*signal*/) {
  const int before = errno;
  is_interrupted = true;
  if (to_wake >= 0) {
    constexpr std::uint64_t kOne = 1;
    (void)!::write(to_wake, &kOne, sizeof(kOne));
  }
  errno = before;
}

void handle_signal(int signal, int flags) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = flags | SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void catch_interrupts() {
  constexpr int kOnce = static_cast<int>(SA_RESETHAND);
  handle_signal(SIGINT, kOnce);
  handle_signal(SIGTERM, kOnce);
  struct sigaction on_entry {};
  if (sigaction(SIGHUP, nullptr, &on_entry) == 0 && on_entry.sa_handler != SIG_IGN) {
    handle_signal(SIGHUP, 0);  // kernel and shell both send it when a terminal is closed
  }
}

void catch_repeated_interrupts() {
  handle_signal(SIGINT, 0);
  handle_signal(SIGTERM, 0);
}

bool interrupt_requested() {
  return is_interrupted;
}

const FileDescriptor& interrupt_descriptor() {
  static const FileDescriptor descriptor = [] {
    FileDescriptor made(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!made) {
      throw UsageError("cannot wait for signals: {}; raise the limit of open files (ulimit -n)",
                       std::generic_category().message(errno));
    }
    to_wake = made.get();
    return made;
  }();
  return descriptor;
}

}  // namespace qmnist
