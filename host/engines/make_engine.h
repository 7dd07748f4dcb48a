#pragma once

#include <memory>
#include <string>

#include "host/config/config.h"
#include "host/engines/engine.h"

namespace qmnist {

/// An engine and why it was taken.
struct ChosenEngine {
  std::unique_ptr<Engine> engine;
  DeviceChoice device;  ///< kCuda or kCpu
  std::size_t threads;  ///< of the CPU, not 0
  std::string reason;   ///< for people; empty where the config asked for this very device
};

/// Makes the engine that the config asks for; kAuto takes a GPU if one works, else the CPU.
/// @throws DeviceError where CUDA is asked for and cannot be had.
[[nodiscard]] ChosenEngine make_engine(DeviceChoice choice, EngineSettings settings);

}  // namespace qmnist
