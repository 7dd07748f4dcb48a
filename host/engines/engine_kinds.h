#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
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
  /// @throws DeviceError saying why it cannot be used here
  std::unique_ptr<Engine> (*make)(EngineSettings);
  /// A line for people about each device that it can use, at least one.
  /// @throws DeviceError saying why there is none
  std::vector<std::string> (*devices)();
};

/// The registry: every kind, in the order in which device "auto" tries them. The last one works
/// everywhere.
[[nodiscard]] std::span<const EngineKind* const> engine_kinds();

/// The kind of that name. @throws std::out_of_range for a name that the registry lacks
[[nodiscard]] const EngineKind& engine_kind(std::string_view name);

/// An engine and why it was chosen.
struct ChosenEngine {
  std::unique_ptr<Engine> engine;
  std::string device;   ///< the name of its kind
  std::size_t threads;  ///< of the CPU, not 0
  std::string reason;   ///< for people; empty where the config asked for this very device
  MemoryBudget memory;  ///< of the host, before the engine was made
};

/// Makes the engine of a kind, or the first that can be used where `device` is "auto".
/// @param bytes_beside host memory that is needed in addition to the engine's
/// @throws DeviceError where the kind that was asked for cannot be used; UsageError where the host
///   has too little memory, before it is allocated.
[[nodiscard]] ChosenEngine make_engine(std::string_view device, EngineSettings settings,
                                       std::size_t bytes_beside = 0);

}  // namespace qmnist
