#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <new>
#include <thread>

#include "host/cli/command_line.h"
#include "host/cli/interrupt.h"
#include "host/cli/output.h"
#include "host/cli/terminal.h"
#include "host/failure.h"
#include "host/world/join_world.h"

namespace {

using qmnist::ExitStatus;

ExitStatus run(int argc, const char* const* argv) {
  qmnist::prepare_streams();
  qmnist::catch_interrupts();
  const ExitStatus status = qmnist::parse_command_line(argc, argv)();
  qmnist::leave_world();
  if (status != ExitStatus::kInterrupted) {  // the terminal may be closed
    qmnist::close_output();
  }
  return status;
}

/// Whether another rank ends all: where all fail alike, only rank 0 has to say it.
bool is_ended_by_others() {
  using namespace std::chrono_literals;
  for (int i = 0; i < 10 && !qmnist::interrupt_requested(); ++i) {
    std::this_thread::sleep_for(100ms);
  }
  return qmnist::interrupt_requested();
}

/// Reports the exception being handled. @return its exit status
int report_failure() noexcept {
  try {
    const qmnist::Failure failure = qmnist::current_failure();
    qmnist::World& world = qmnist::current_world();
    if (world.rank() == 0) {
      qmnist::print_error(failure.message);
    } else if (!is_ended_by_others()) {
      qmnist::print_error(fmt::format("rank {}: {}", world.rank(), failure.message));
    }
    world.abort(static_cast<int>(failure.status));
    return static_cast<int>(failure.status);
  } catch (...) {  // no memory for the message
    qmnist::print_out_of_memory();
    return static_cast<int>(ExitStatus::kUsage);
  }
}

/// Whether an allocation failed where exceptions cannot propagate. In noexcept functions of
/// libstdc++ itself, as directory_iterator's, nothing else fails, and the exception is not current.
bool is_out_of_memory() {
  try {
    if (const std::exception_ptr current = std::current_exception()) {
      std::rethrow_exception(current);
    }
  } catch (const std::bad_alloc&) {
    return true;
  } catch (...) {
    return false;
  }
  return std::uncaught_exceptions() > 0;
}

/// Handles exceptions that cannot propagate, such as a failed allocation in a library's destructor.
[[noreturn]] void terminate_on_exception() {
  if (is_out_of_memory()) {
    qmnist::print_out_of_memory();
    std::_Exit(static_cast<int>(ExitStatus::kUsage));
  }
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(terminate_on_exception);
  try {
    return static_cast<int>(run(argc, argv));
  } catch (...) {
    return report_failure();
  }
}
