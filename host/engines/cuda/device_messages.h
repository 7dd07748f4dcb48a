#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Messages of DeviceError: what is wrong with the GPU, and the remedy.
//
// These functions are pure and need no CUDA headers, so that they are built and tested without a
// CUDA Toolkit, too. Each returns text without a trailing full stop, to which its caller adds
// CUDA's own words.

namespace qmnist::cuda {

/// Errors of CUDA calls that have a cause outside the program; the values are cudaError_t's.
enum class CudaStatus : int {
  kStubLibrary = 34,
  kInsufficientDriver = 35,
  kDevicesUnavailable = 46,
  kInvalidDeviceFunction = 98,
  kNoDevice = 100,
  kNoKernelImageForDevice = 209,
  kJitCompilerNotFound = 221,
  kUnsupportedPtxVersion = 222,
  kSystemNotReady = 802,
  kSystemDriverMismatch = 803,
  kCompatNotSupportedOnDevice = 804,
};

/// The NVIDIA driver as this process sees it.
struct DriverState {
  int version = 0;               ///< newest CUDA version it supports, 12040 for 12.4; 0: no library
  bool has_device_file = false;  ///< whether the device file of its kernel module exists
  std::optional<std::string> visible_devices = std::nullopt;  ///< CUDA_VISIBLE_DEVICES, if set
};

/// Memory of a GPU, in bytes.
struct DeviceMemory {
  std::size_t free;
  std::size_t total;
};

/// A CUDA version for people: "12.4" for 12040.
[[nodiscard]] std::string cuda_version_text(int version);

/// The cause and remedy of an error that any CUDA call may return; empty where none is known.
[[nodiscard]] std::string_view status_message(CudaStatus status);

/// Why cudaGetDeviceCount() returned `status`; empty where CUDA's own words must do.
/// @param runtime_version version of the CUDA runtime in use, 13000 for 13.0
[[nodiscard]] std::string no_device_message(CudaStatus status, const DriverState& driver,
                                            int runtime_version);

/// A device_index for which there is no GPU, with the GPUs that there are.
/// @param names of the GPUs 0, 1, ...
/// @param visible_devices CUDA_VISIBLE_DEVICES, where it is set
[[nodiscard]] std::string device_index_message(std::size_t index,
                                               std::span<const std::string> names,
                                               const std::optional<std::string>& visible_devices);

/// Why the program's kernels cannot be loaded on a GPU; empty for a status with another cause.
/// @param device "GPU 0 (NVIDIA H200)"
/// @param capability the GPU's compute capability, 90 for 9.0
/// @param built the compute capabilities that the kernels are compiled for, likewise
[[nodiscard]] std::string kernel_message(CudaStatus status, std::string_view device, int capability,
                                         std::span<const int> built);

/// A GPU that has too little memory.
/// @param device as in kernel_message()
/// @param requested bytes, where they are known
/// @param memory of that GPU, where it is known
[[nodiscard]] std::string device_memory_message(std::string_view device,
                                                std::optional<std::size_t> requested,
                                                const std::optional<DeviceMemory>& memory);

/// A host that has too little memory which the GPU can copy from and to.
/// @param requested bytes
[[nodiscard]] std::string pinned_memory_message(std::size_t requested);

}  // namespace qmnist::cuda
