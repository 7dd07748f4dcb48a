#include <exception>
#include <new>
#include <string>

#include "host/cli/command_line.h"
#include "host/cli/interrupt.h"
#include "host/cli/terminal.h"

namespace {

using qmnist::ExitStatus;

ExitStatus run(int argc, const char* const* argv) {
  qmnist::catch_interrupts();
  return qmnist::parse_command_line(argc, argv)();
}

int fail(ExitStatus status, const std::string& message) {
  qmnist::print_error(message);
  return static_cast<int>(status);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(run(argc, argv));
  } catch (const qmnist::Error& error) {
    return fail(error.status(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(ExitStatus::kUsage,
                "not enough memory; use a smaller model.hidden or training.batch_size");
  } catch (const std::exception& error) {
    return fail(ExitStatus::kInternal, error.what());
  }
}
