#pragma once

#include <dlfcn.h>

#include <algorithm>
#include <string>

#include "host/engines/cuda/resources.h"

namespace qmnist::cuda {

/// What a GPU can do at most, from what it says of itself.
struct DevicePeak {
  std::string device;
  bool emulated;          ///< there is no driver, so its times are a model's
  double bytes_a_second;  ///< of its memory
  double flops_a_second;  ///< fused multiply-adds in float32, without tensor cores

  /// The least time that this much work takes.
  [[nodiscard]] double seconds(double bytes, double flops) const {
    return std::max(bytes / bytes_a_second, flops / flops_a_second);
  }
};

/// Float32 lanes of a multiprocessor (CUDA C++ Programming Guide, arithmetic instructions).
inline int float_lanes(int major, int minor) {
  const bool half = major == 7 || (major == 8 && minor == 0);
  return half ? 64 : 128;
}

/// @throws DeviceError where no GPU works
[[nodiscard]] inline DevicePeak device_peak() {
  cudaDeviceProp properties{};
  QMNIST_CHECK(cudaGetDeviceProperties(&properties, 0));
  const auto attribute = [](cudaDeviceAttr which) {
    int value = 0;
    QMNIST_CHECK(cudaDeviceGetAttribute(&value, which, 0));
    return static_cast<double>(value);
  };
  constexpr double kHertz = 1e3;  // rates come in kHz
  return {.device = static_cast<const char*>(properties.name),
          .emulated = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD) == nullptr,
          .bytes_a_second = 2 * attribute(cudaDevAttrMemoryClockRate) * kHertz *
                            attribute(cudaDevAttrGlobalMemoryBusWidth) / 8,
          .flops_a_second = 2.0 * attribute(cudaDevAttrMultiProcessorCount) *
                            float_lanes(properties.major, properties.minor) *
                            attribute(cudaDevAttrClockRate) * kHertz};
}

/// An event that cudaEventElapsedTime can use.
[[nodiscard]] inline Event make_timing_event() {
  cudaEvent_t event = nullptr;
  QMNIST_CHECK(cudaEventCreate(&event));
  return Event(event);
}

}  // namespace qmnist::cuda
