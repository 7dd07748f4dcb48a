#include "host/cli/interrupt.h"

#include <atomic>
#include <csignal>

namespace qmnist {
namespace {

std::atomic<bool> is_interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

void request_end_at(int signal, int flags) {
  struct sigaction action {};
  action.sa_handler = [](int /*signal*/) { is_interrupted = true; };
  action.sa_flags = flags | SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void catch_interrupts() {
  constexpr int kOnce = static_cast<int>(SA_RESETHAND);
  request_end_at(SIGINT, kOnce);
  request_end_at(SIGTERM, kOnce);
  struct sigaction on_entry {};
  if (sigaction(SIGHUP, nullptr, &on_entry) == 0 && on_entry.sa_handler != SIG_IGN) {
    request_end_at(SIGHUP, 0);  // a closed terminal sends it twice: the kernel does and the shell
  }
}

bool interrupt_requested() {
  return is_interrupted;
}

}  // namespace qmnist
