#include "host/engines/make_engine.h"

#include <algorithm>
#include <thread>

#include "host/engines/cpu_engine.h"
#include "host/engines/cuda_devices.h"
#include "host/error.h"

namespace qmnist {

ChosenEngine make_engine(DeviceChoice choice, EngineSettings settings) {
  if (choice == DeviceChoice::kCuda) {
    throw DeviceError("device cuda: {}; use --device cpu", cuda_obstacle());
  }
  std::string reason = choice == DeviceChoice::kAuto ? "device auto: " + cuda_obstacle() : "";
  if (settings.threads == 0) {
    settings.threads = std::max(1U, std::thread::hardware_concurrency());
  }
  const std::size_t threads = settings.threads;
  return {.engine = std::make_unique<CpuEngine>(std::move(settings)),
          .device = DeviceChoice::kCpu,
          .threads = threads,
          .reason = std::move(reason)};
}

}  // namespace qmnist
