#include "host/cli/interrupt.h"

#include <atomic>
#include <csignal>

namespace qmnist {
namespace {

std::atomic<bool> is_interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

void handle_signal(int signal, int flags) {
  struct sigaction action {};
  action.sa_handler = [](int /*signal*/) { is_interrupted = true; };
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

}  // namespace qmnist
