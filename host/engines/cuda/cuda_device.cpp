#include "host/engines/cuda/cuda_device.h"

#include <fmt/format.h>

#include "host/engines/cuda/check.h"
#include "host/error.h"

namespace qmnist {
namespace {

constexpr int kOldestCapability = 75;  // as CMakeLists.txt compiles kernels for it and newer ones

std::string version(int number) {
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

}  // namespace

CudaDevice use_cuda_device(std::size_t index) {
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess) {
    throw DeviceError("no GPU works here: {}", cudaGetErrorString(status));
  }
  if (index >= static_cast<std::size_t>(count)) {
    throw DeviceError("device_index is {}, but the GPUs here are 0 to {}", index, count - 1);
  }
  cudaDeviceProp properties{};
  QMNIST_CHECK(cudaGetDeviceProperties(&properties, static_cast<int>(index)));
  CudaDevice device{.index = index,
                    .name = static_cast<const char*>(properties.name),
                    .capability = 10 * properties.major + properties.minor,
                    .memory_bytes = properties.totalGlobalMem,
                    .driver = 0,
                    .runtime = 0};
  if (device.capability < kOldestCapability) {
    throw DeviceError("GPU {} ({}) is too old: it has compute capability {}.{}, 7.5 is needed",
                      index, device.name, properties.major, properties.minor);
  }
  QMNIST_CHECK(cudaDriverGetVersion(&device.driver));
  QMNIST_CHECK(cudaRuntimeGetVersion(&device.runtime));
  QMNIST_CHECK(cudaSetDevice(static_cast<int>(index)));
  return device;
}

std::string describe(const CudaDevice& device) {
  constexpr double kGib = 1 << 30;
  return fmt::format(
      "GPU {}: {}, compute capability {}.{}, {:.0f} GiB, driver for CUDA {}, "
      "CUDA runtime {}",
      device.index, device.name, device.capability / 10, device.capability % 10,
      static_cast<double>(device.memory_bytes) / kGib, version(device.driver),
      version(device.runtime));
}

}  // namespace qmnist
