#include "host/run_store/checkpoint_times.h"

#include <algorithm>
#include <vector>

#include "host/atomic_file.h"
#include "host/error.h"
#include "host/run_store/run_record.h"

namespace qmnist {
namespace {

constexpr const char* kEpochSeconds = "epochs";
constexpr const char* kRunningSeconds = "running";
constexpr const char* kWallSeconds = "wall";

}  // namespace

void write_times(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  Json epochs = Json::array();
  for (const EpochMetrics& epoch : checkpoint.history) {
    epochs.push_back(epoch.seconds);
  }
  const Json times{{kEpochSeconds, std::move(epochs)},
                   {kRunningSeconds, checkpoint.running_seconds},
                   {kWallSeconds, checkpoint.seconds_wall}};
  write_atomically(path, times.dump() + "\n");
}

void read_times(const std::filesystem::path& path, Checkpoint& checkpoint) {
  try {
    const Json times = read_run_json(path);
    const std::vector<double> epochs = times.at(kEpochSeconds);
    const double running = times.at(kRunningSeconds);
    checkpoint.seconds_wall = times.at(kWallSeconds);
    checkpoint.running_seconds = checkpoint.running.samples > 0 ? running : 0;
    const std::size_t known = std::min(epochs.size(), checkpoint.history.size());
    for (std::size_t i = 0; i < known; ++i) {
      checkpoint.history[i].seconds = epochs[i];
    }
  } catch (const DataError&) {        // NOLINT(bugprone-empty-catch): missing, or no JSON
  } catch (const Json::exception&) {  // NOLINT(bugprone-empty-catch): JSON of something else
  }
}

}  // namespace qmnist
