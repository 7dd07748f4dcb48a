#include "host/engines/cuda/resources.h"

#include "host/engines/cuda/device_messages.h"
#include "host/error.h"

namespace qmnist::cuda {

void* allocate_device_memory(std::size_t bytes) {
  const std::shared_lock no_capture(capture_mutex);
  void* memory = nullptr;
  check_device_call(cudaMalloc(&memory, bytes), "cudaMalloc", __FILE__, __LINE__, bytes);
  return memory;
}

void* allocate_pinned_memory(std::size_t bytes) {
  const std::shared_lock no_capture(capture_mutex);
  void* memory = nullptr;
  const cudaError_t status = cudaMallocHost(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {  // of the host's memory, not of the device's
    (void)cudaGetLastError();
    throw DeviceMemoryError("{} ({}: {})", pinned_memory_message(bytes), cudaGetErrorName(status),
                            cudaGetErrorString(status));
  }
  check_device_call(status, "cudaMallocHost", __FILE__, __LINE__);
  return memory;
}

}  // namespace qmnist::cuda
