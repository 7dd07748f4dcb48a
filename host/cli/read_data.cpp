#include "host/cli/read_data.h"

#include <fmt/format.h>
#include <unistd.h>

#include <functional>

#include "host/cli/progress_line.h"
#include "host/format/text.h"
#include "host/stopwatch.h"

namespace qmnist {
namespace {

/// Shows that so many files were read, once reading has taken a second.
class ReadingProgress {
 public:
  void operator()(std::size_t done, std::size_t count) {
    constexpr double kUntilRedrawn = 0.1;  // seconds
    if (watch_.seconds() > next_) {
      next_ = watch_.seconds() + kUntilRedrawn;
      line_.show(fmt::format("reading pictures: {} of {}", grouped(done), grouped(count)));
    }
  }

 private:
  ProgressLine line_{isatty(STDERR_FILENO) == 1};
  Stopwatch watch_;
  double next_ = 1;
};

}  // namespace

Dataset read_data(const DataSettings& settings) {
  ReadingProgress progress;
  return load_dataset(settings, std::ref(progress));
}

Dataset read_data(const std::filesystem::path& path, const FileForm& form) {
  ReadingProgress progress;
  return load_data(path, {form, std::ref(progress)});
}

}  // namespace qmnist
