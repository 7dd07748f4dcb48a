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

void keep_output_error(bool is_done) {
  if (!is_done && first_output_error == 0) {
    first_output_error = errno;
  }
}

}  // namespace

void prepare_streams() {
  // The lowest free descriptor is taken, and the wrong direction makes each use of it fail.
  constexpr std::array kWrongDirections{O_WRONLY, O_RDONLY, O_RDONLY};
  for (int stream = 0; stream < static_cast<int>(kWrongDirections.size()); ++stream) {
    if (::fcntl(stream, F_GETFD) < 0) {
      (void)::open("/dev/null", kWrongDirections.at(static_cast<std::size_t>(stream)));
    }
  }
  (void)std::signal(SIGXFSZ, SIG_IGN);
}

void outlive_closed_pipe() {
  (void)std::signal(SIGPIPE, SIG_IGN);
}

void print_text(std::string_view text) {
  keep_output_error(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void flush_output() {
  keep_output_error(std::fflush(stdout) == 0);
}

void close_output() {
  flush_output();
  const int copy = ::dup(STDOUT_FILENO);  // closed for its errors: network file systems report late
  keep_output_error(copy < 0 || ::close(copy) == 0);
  if (first_output_error != 0 && first_output_error != EPIPE) {
    throw UsageError("standard output cannot be written: {}; send it where there is room",
                     std::generic_category().message(first_output_error));
  }
}

}  // namespace qmnist
