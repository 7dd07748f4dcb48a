#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/engines/engine.h"
#include "host/system/available_memory.h"

namespace qmnist {

/// A kind of engine; its folder defines one of these as kEngineKind.
struct EngineKind {
  std::string_view name;   ///< in the config key device
  std::string_view title;  ///< for people
  Kernels auto_kernels;    ///< what training.kernels "auto" stands for
  bool is_numbered;        ///< whether EngineSettings::device_index chooses among several devices
  /// Host memory in bytes of such an engine.
  std::size_t (*host_bytes)(const EngineSettings&);
  /// Memory of its device in bytes that each network of a group takes; 0 where that is the host's
  /// or, as with cuBLAS, not known beforehand.
  /// @throws DeviceError as make_group()
  std::size_t (*device_bytes)(const EngineSettings&);
  /// Engines of networks of one shape (have_one_shape()), kMaxGroup at most, for a thread each. On
  /// a device that one network does not keep busy, they train together: a call of train() waits for
  /// those of the others, until they end_training() or are destroyed.
  /// @throws DeviceError saying why it cannot be used here
  std::vector<std::unique_ptr<Engine>> (*make_group)(std::vector<EngineSettings>);
  /// How many engines of that shape are worth having in a group, as far as memory allows.
  /// @throws DeviceError as make_group()
  std::size_t (*networks_at_once)(const EngineSettings&);
  /// A line for people about each device that it can use, at least one.
  /// @throws DeviceError saying why there is none
  std::vector<std::string> (*devices)();
  /// The index of a rank's device, which no other rank has where they are numbered. All ranks must
  /// call it.
  /// @throws DeviceError on all ranks, saying why one of them cannot have a device
  std::size_t (*device_of_rank)(World&);
  /// Why ranks with such devices cannot train a network together here; empty where they can.
  std::string (*obstacle_to_ranks)();

  /// @throws DeviceError as make_group()
  [[nodiscard]] std::unique_ptr<Engine> make(EngineSettings settings) const {
    return std::move(make_group({std::move(settings)}).front());
  }
};

/// The registry: every kind, in the order in which device "auto" tries them. The last one works
/// everywhere.
[[nodiscard]] std::span<const EngineKind* const> engine_kinds();

/// The kind of that name. @throws std::out_of_range for a name that the registry lacks
[[nodiscard]] const EngineKind& engine_kind(std::string_view name);

/// An engine and why its kind was chosen.
struct ChosenEngine {
  std::unique_ptr<Engine> engine;
  std::string device;   ///< the name of its kind
  std::size_t threads;  ///< of the CPU, not 0
  std::string reason;   ///< for people; empty where the config asked for this very device
  MemoryBudget memory;  ///< of the host, before the engine was made
};

/// Likewise, the engines of a group.
struct ChosenGroup {
  std::vector<std::unique_ptr<Engine>> engines;
  std::string device;
  std::size_t threads;
  std::string reason;
  MemoryBudget memory;

  /// Gives one of the engines away.
  [[nodiscard]] ChosenEngine take(std::size_t i) {
    return {.engine = std::move(engines[i]),
            .device = device,
            .threads = threads,
            .reason = reason,
            .memory = memory};
  }
};

/// Makes a group of the kind's engines, or of the first that can be used where `device` is "auto".
/// @param settings of one shape, at least one
/// @param bytes_beside host memory that is needed in addition to the engines'
/// @throws DeviceError where the kind that was asked for cannot be used; UsageError where the host
///   has too little memory, before it is allocated.
[[nodiscard]] ChosenGroup make_group(std::string_view device, std::vector<EngineSettings> settings,
                                     std::size_t bytes_beside = 0);

/// The same for a group of one.
[[nodiscard]] ChosenEngine make_engine(std::string_view device, EngineSettings settings,
                                       std::size_t bytes_beside = 0);

}  // namespace qmnist
