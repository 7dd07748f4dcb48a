#include "host/engines/make_engine.h"

#include <fmt/format.h>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cuda/make_cuda_engine.h"
#include "host/error.h"
#include "host/system/available_cpus.h"

namespace qmnist {

ChosenEngine make_engine(DeviceChoice choice, EngineSettings settings, std::size_t bytes_beside) {
  if (settings.threads == 0) {
    settings.threads = available_cpus();
  }
  ChosenEngine chosen{.engine = nullptr,
                      .device = DeviceChoice::kCpu,
                      .threads = settings.threads,
                      .reason = "",
                      .memory = {}};
  if (choice != DeviceChoice::kCpu) {
    try {
      chosen.engine = cuda::make_cuda_engine(settings);
      chosen.memory = require_memory(bytes_beside);
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
    chosen.memory = require_memory(cpu::CpuEngine::bytes(settings) + bytes_beside);
    chosen.engine = std::make_unique<cpu::CpuEngine>(std::move(settings));
  }
  return chosen;
}

}  // namespace qmnist
