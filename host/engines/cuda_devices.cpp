#include "host/engines/cuda_devices.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

namespace qmnist {

std::string cuda_obstacle() {
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess) {
    return fmt::format("no GPU works here ({})", cudaGetErrorString(status));
  }
  cudaDeviceProp properties{};
  if (count == 0 || cudaGetDeviceProperties(&properties, 0) != cudaSuccess) {
    return "no GPU was found";
  }
  return fmt::format("{} is there, but this version trains on the CPU alone",
                     static_cast<const char*>(properties.name));
}

}  // namespace qmnist
