#include "host/cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "host/error.h"

namespace qmnist {
namespace {

int first_output_error = 0;  ///< errno of the first write that failed; 0 for none

void record_output_error(bool succeeded) {
  if (!succeeded && first_output_error == 0) {
    first_output_error = errno;
  }
}

}  // namespace

void prepare_streams() {
  // open() returns the lowest free descriptor; with the wrong access mode each use of it fails.
  constexpr std::array kWrongModes{O_WRONLY, O_RDONLY, O_RDONLY};
  for (int stream = 0; stream < static_cast<int>(kWrongModes.size()); ++stream) {
    if (::fcntl(stream, F_GETFD) < 0) {
      (void)::open("/dev/null", kWrongModes.at(static_cast<std::size_t>(stream)));
    }
  }
  (void)std::signal(SIGXFSZ, SIG_IGN);
}

void ignore_broken_pipe() {
  (void)std::signal(SIGPIPE, SIG_IGN);
}

void print_text(std::string_view text) {
  record_output_error(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void flush_output() {
  record_output_error(std::fflush(stdout) == 0);
}

void close_output() {
  flush_output();
  const int copy = ::dup(STDOUT_FILENO);  // network file systems may report errors only at close()
  record_output_error(copy < 0 || ::close(copy) == 0);
  if (first_output_error != 0 && first_output_error != EPIPE) {
    throw UsageError("cannot write to standard output: {}; redirect it to a device with free space",
                     std::generic_category().message(first_output_error));
  }
}

}  // namespace qmnist
