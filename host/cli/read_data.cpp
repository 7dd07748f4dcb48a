#include "host/cli/read_data.h"

#include <fmt/format.h>
#include <unistd.h>

#include "host/cli/progress_line.h"
#include "host/format/text.h"
#include "host/stopwatch.h"

namespace qmnist {

Dataset read_data(const DataSettings& settings) {
  constexpr double kUntilShown = 1;  // seconds
  constexpr double kUntilRedrawn = 0.1;
  ProgressLine line(isatty(STDERR_FILENO) == 1);
  const Stopwatch watch;
  double next = kUntilShown;
  return load_dataset(settings, [&](std::size_t done, std::size_t count) {
    if (watch.seconds() > next) {
      next = watch.seconds() + kUntilRedrawn;
      line.show(fmt::format("reading pictures: {} of {}", grouped(done), grouped(count)));
    }
  });
}

}  // namespace qmnist
