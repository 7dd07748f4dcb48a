#pragma once

#include <functional>
#include <string>

#include "host/config/config.h"
#include "host/data/dataset.h"
#include "host/engines/engine_kinds.h"
#include "host/run_store/checkpoint.h"
#include "host/trainer/trainer.h"
#include "host/world/world.h"

namespace qmnist {

/// A callback that is true where this one is on any rank. All ranks must call it.
[[nodiscard]] std::function<bool()> on_any_rank(World& world, std::function<bool()> wanted);

/// The name of the first kind of engine of which each rank has a device, which device "auto" stands
/// for. All ranks must call it.
/// @param train_together whether the ranks train one network, for which they must be connected
[[nodiscard]] std::string device_for_ranks(World& world, bool train_together);

/// The engine of a rank's part in a run.
/// @throws UsageError, DeviceError as make_engine()
[[nodiscard]] ChosenEngine make_run_engine(const Config& config, const Network& network,
                                           std::size_t train_size, World& world);

/// Gives all ranks the checkpoint at which rank 0 begins; the others are in train_as_rank().
void send_checkpoint(World& world, const Checkpoint& checkpoint, const Network& network,
                     const Config& config, const Dataset& dataset);

/// Trains as a rank other than 0, while that one has a TrainingRun: takes its share of each step
/// and of the evaluation, and writes nothing.
/// @param config whose engine is that of rank 0
/// @throws UsageError, DataError where config or data differ from those of rank 0
[[nodiscard]] TrainingEnd train_as_rank(Config config, const Dataset& dataset, World& world,
                                        const std::function<bool()>& stop_requested);

}  // namespace qmnist
