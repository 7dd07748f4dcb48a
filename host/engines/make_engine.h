#pragma once

#include <memory>
#include <string>

#include "host/engines/engine.h"
#include "host/system/available_memory.h"

namespace qmnist {

/// An engine and why it was taken.
struct ChosenEngine {
  std::unique_ptr<Engine> engine;
  DeviceChoice device;  ///< kCuda or kCpu
  std::size_t threads;  ///< of the CPU, not 0
  std::string reason;   ///< for people; empty where the config asked for this very device
  MemoryBudget memory;  ///< of the host, before the engine was made
};

/// Makes the engine that the config asks for; kAuto takes a GPU if one works, else the CPU.
/// @param bytes_beside memory of the host that is to be available beside the engine
/// @throws DeviceError where CUDA is asked for and cannot be had; UsageError where the host has too
///   little memory, before it is allocated.
[[nodiscard]] ChosenEngine make_engine(DeviceChoice choice, EngineSettings settings,
                                       std::size_t bytes_beside = 0);

}  // namespace qmnist
