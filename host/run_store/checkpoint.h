#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/config.h"
#include "host/engines/engine.h"
#include "host/model/arithmetic.h"
#include "host/trainer/metrics.h"

namespace qmnist {

/// The epoch whose validation loss was the least, or which reached the target accuracy, where early
/// stopping asks for it.
struct BestEpoch {
  std::size_t epoch;
  double loss;  ///< of validation
  std::vector<float> parameters;

  friend bool operator==(const BestEpoch&, const BestEpoch&) = default;
};

/// How far a run has come: all that is needed to go on and end bit for bit as if never stopped.
/// The order of an epoch follows from seed and epoch, so it is not stored. Nothing depends on the
/// times in it.
struct Checkpoint {
  TrainingState state = {};
  std::vector<EpochMetrics> history = {};  ///< of the finished epochs
  RunningMetrics running = {};             ///< of the epoch under way; 0 samples between epochs
  double running_seconds = 0;              ///< spent on the epoch under way
  double seconds_wall = 0;  ///< of training in all processes so far, with what epochs leave out
  std::optional<BestEpoch> best = {};
  std::string_view arithmetic = kArithmetic;  ///< or kArithmeticWithCublas, if of any step so far

  [[nodiscard]] std::size_t finished_epochs() const { return history.size(); }
  [[nodiscard]] std::optional<std::size_t> best_epoch() const {
    return best ? std::optional(best->epoch) : std::nullopt;
  }
};

/// The checkpoint as the bytes of its file, without its times.
[[nodiscard]] std::string checkpoint_bytes(const Checkpoint& checkpoint, const Network& network,
                                           const Config& config, const Dataset& dataset);

/// Reads such bytes; its times are 0.
/// @param place of the bytes, for errors
/// @throws as read_checkpoint()
[[nodiscard]] Checkpoint parse_checkpoint(std::string_view bytes, const std::string& place,
                                          const Network& network, const Config& config,
                                          const Dataset& dataset);

/// Writes the checkpoint, including the config's keys that change the result and the data's
/// checksums. Its times, in which equal runs differ, go to times.json in the same folder. Both
/// files are written atomically, the times first. @throws UsageError if that fails
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const Network& network, const Config& config, const Dataset& dataset);

/// Reads a checkpoint back for a run of that config on that data. Times that times.json lacks are
/// 0.
/// @throws DataError where the file is damaged, from other data or of another version of the
///   arithmetic; UsageError where the config
///   differs in a key that changes the result, with the key's name and both values. The number of
///   epochs may differ, where the learning rate does not follow it: more of them extend a run.
[[nodiscard]] Checkpoint read_checkpoint(const std::filesystem::path& path, const Network& network,
                                         const Config& config, const Dataset& dataset);

}  // namespace qmnist
