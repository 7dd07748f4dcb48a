#include "host/run/run_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "host/cli/output.h"
#include "host/engines/cpu/cpu_engine.h"
#include "host/error.h"
#include "host/file_descriptor.h"
#include "host/run/training_run.h"
#include "tests/support/small_run.h"

// What is said of a run's memory beforehand is what it takes then.

namespace qmnist {
namespace {

std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Bytes of a line of /proc/self/status, in kB there.
std::size_t status_bytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    std::size_t kibibytes = 0;
    if (word == name && file >> kibibytes) {
      return kibibytes * 1024;
    }
  }
  throw std::runtime_error("no " + name);
}

TEST(RunMemoryTest, AnEngineTakesTheMemoryThatIsSaidOfIt) {
  const std::array<std::size_t, 2> hidden{300, 200};
  const Network network(kPixels, hidden, kDigitCount);
  EngineSettings plain{.network = network, .optimizer = {}, .batch_size = 100};
  EngineSettings averaging = plain;
  averaging.regularization.ema_decay = 0.99;
  EngineSettings clipping = plain;
  clipping.optimizer.clip_norm = 1;
  EngineSettings distorting = plain;
  distorting.augmentation.rotation = 10;
  distorting.batch_size = 1000;
  for (const EngineSettings& settings : {plain, averaging, clipping, distorting}) {
    const std::size_t before = allocated();
    const cpu::CpuEngine engine(settings);
    const auto taken = static_cast<double>(allocated() - before);
    EXPECT_NEAR(static_cast<double>(cpu::CpuEngine::bytes(settings)), taken, 0.02 * taken);
  }
}

/// A disk that takes nothing until the third epoch has ended, so that one checkpoint is being
/// written and another one waits. Then it fails.
class SlowDisk final : public TrainingObserver {
 public:
  explicit SlowDisk(std::filesystem::path file) : file_(std::move(file)) {
    EXPECT_EQ(::mkfifo(file_.c_str(), S_IRUSR | S_IWUSR), 0);
    ignore_broken_pipe();
  }

  void on_epoch_begin(std::size_t /*epoch*/, const RunningMetrics& /*done*/) override {}
  void on_progress(const RunningMetrics& /*running*/) override {}
  void on_epoch_end(const EpochMetrics& metrics) override {
    if (metrics.epoch == 3) {
      const FileDescriptor reader(::open(file_.c_str(), O_RDONLY));  // waits for the writer's
    }
  }

 private:
  std::filesystem::path file_;
};

/// Trains a network that is large beside everything else and compares. Its larger weights take more
/// than 32 MiB, so that malloc maps and unmaps them; what it keeps of smaller blocks that were
/// freed depends on all that was allocated before.
void expect_peak(const test::Json& changes) {
  SCOPED_TRACE(changes.dump());
  test::Json all{{"model", {{"hidden", {3000, 3000}}}},
                 {"data", {{"test_fraction", 0.9}}},
                 {"training", {{"epochs", 3}}},
                 {"output", {{"checkpoint_seconds", 0}}}};
  all.merge_patch(changes);
  const test::SmallRun small(all);
  const Config config = load_config(small.config(), {});
  const Dataset dataset = load_dataset(config.data);
  const std::size_t before = status_bytes("VmRSS:");
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak from now on
  TrainingRun run(config, dataset, Stopwatch());
  run.start();
  SlowDisk disk(run.folder().file("checkpoint.safetensors.tmp"));
  EXPECT_THROW((void)run.train(disk, [] { return false; }), UsageError);
  (void)run.finish();
  const auto taken = static_cast<double>(status_bytes("VmHWM:") - before);
  EXPECT_NEAR(static_cast<double>(run.chosen().memory.needed), taken, 0.1 * taken);
}

TEST(RunMemoryTest, ARunTakesTheMemoryThatIsSaidOfIt) {
  expect_peak(test::Json::object());
}

TEST(RunMemoryTest, ARunThatKeepsMoreTakesMore) {
  expect_peak({{"data", {{"test_fraction", 0.8}, {"validation_fraction", 0.2}}},
               {"optimizer", {{"clip_norm", 1}}},
               {"regularization", {{"ema_decay", 0.9}}},
               {"training", {{"early_stopping", 2}}}});
}

}  // namespace
}  // namespace qmnist
