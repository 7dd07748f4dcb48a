#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace qmnist::cuda {

/// A GPU and the software between it and this program.
struct CudaDevice {
  std::size_t index;
  std::string name;
  int capability;  ///< compute capability, 90 for 9.0
  std::size_t memory_bytes;
  int driver;   ///< newest CUDA version that the driver knows, 13010 for 13.1
  int runtime;  ///< version of the CUDA runtime in use
};

/// The number of GPUs, at least 1.
/// @throws DeviceError saying why there is none
[[nodiscard]] std::size_t count_cuda_devices();

/// Makes GPU `index` the one that this thread's CUDA calls go to.
/// @throws DeviceError saying why it cannot be used
[[nodiscard]] CudaDevice use_cuda_device(std::size_t index);

/// What tells GPUs apart, on all machines; 16 bytes.
[[nodiscard]] std::string cuda_device_uuid(std::size_t index);

/// One line for people about each GPU, at least one: what it is, or why it cannot be used.
/// @throws DeviceError saying why there is none
[[nodiscard]] std::vector<std::string> describe_cuda_devices();

/// One line for people.
[[nodiscard]] std::string describe(const CudaDevice& device);

}  // namespace qmnist::cuda
