#include "host/engines/make_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cuda/make_cuda_engine.h"
#include "host/error.h"

namespace qmnist {

ChosenEngine make_engine(DeviceChoice choice, EngineSettings settings) {
  if (settings.threads == 0) {
    settings.threads = std::max(1U, std::thread::hardware_concurrency());
  }
  ChosenEngine chosen{
      .engine = nullptr, .device = DeviceChoice::kCpu, .threads = settings.threads, .reason = ""};
  if (choice != DeviceChoice::kCpu) {
    try {
      chosen.engine = make_cuda_engine(settings);
      chosen.device = DeviceChoice::kCuda;
      if (choice == DeviceChoice::kAuto) {
        chosen.reason = fmt::format("device auto: using GPU {}, which can run this program",
                                    settings.device_index);
      }
    } catch (const DeviceError& error) {
      if (choice == DeviceChoice::kCuda) {
        throw DeviceError("device cuda: {}; or use --device cpu", error.what());
      }
      chosen.reason = fmt::format("device auto: using the CPU: {}", error.what());
    }
  }
  if (chosen.engine == nullptr) {
    chosen.engine = std::make_unique<CpuEngine>(std::move(settings));
  }
  return chosen;
}

}  // namespace qmnist
