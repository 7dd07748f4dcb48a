#pragma once

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <array>
#include <memory>
#include <optional>

namespace qmnist::cuda {

/// Reads a GPU's clock and power by NVML, which is part of the driver: nvidia-smi reads the same.
///
/// The library is loaded at run time, so that benches build and run where there is none, and its
/// functions are declared here, as not every CUDA Toolkit has nvml.h. Their names and types are
/// those of docs.nvidia.com/deploy/nvml-api.
class GpuMonitor {
 public:
  /// @param device index of the CUDA runtime
  explicit GpuMonitor(int device) : library_(dlopen("libnvidia-ml.so.1", RTLD_LAZY)) {
    std::array<char, 32> bus{};  // NVML numbers the GPUs in another order
    const auto init = find<int()>("nvmlInit_v2");
    const auto find_gpu = find<int(const char*, void**)>("nvmlDeviceGetHandleByPciBusId_v2");
    if (init == nullptr || find_gpu == nullptr || init() != 0 ||
        cudaDeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()), device) != cudaSuccess ||
        find_gpu(bus.data(), &gpu_) != 0) {
      gpu_ = nullptr;
    }
  }

  [[nodiscard]] bool works() const { return sm_megahertz().has_value(); }

  /// Current clock of the multiprocessors; none where it is unknown.
  [[nodiscard]] std::optional<double> sm_megahertz() const {
    constexpr int kSmClock = 1;  // NVML_CLOCK_SM
    const auto get = find<int(void*, int, unsigned*)>("nvmlDeviceGetClockInfo");
    unsigned value = 0;
    if (gpu_ == nullptr || get == nullptr || get(gpu_, kSmClock, &value) != 0) {
      return std::nullopt;
    }
    return value;
  }

  /// Power of the whole card, by its own sensor, which may average a second; none where it is
  /// unknown.
  [[nodiscard]] std::optional<double> watts() const {
    const auto get = find<int(void*, unsigned*)>("nvmlDeviceGetPowerUsage");
    unsigned milliwatts = 0;
    if (gpu_ == nullptr || get == nullptr || get(gpu_, &milliwatts) != 0) {
      return std::nullopt;
    }
    return milliwatts / 1e3;
  }

 private:
  /// A function of the library, nullptr where there is none.
  template <typename Function>
  [[nodiscard]] Function* find(const char* name) const {
    return library_ ? reinterpret_cast<Function*>(dlsym(library_.get(), name)) : nullptr;
  }

  struct Close {
    void operator()(void* library) const noexcept { (void)dlclose(library); }
  };
  std::unique_ptr<void, Close> library_;
  void* gpu_ = nullptr;
};

}  // namespace qmnist::cuda
