#include "host/engines/cuda/cuda_check.h"

#include <fmt/format.h>

#include <string>

#include "host/engines/cuda/device_messages.h"
#include "host/error.h"

namespace qmnist::cuda {
namespace {

constexpr bool is_same(CudaStatus ours, cudaError_t cudas) {
  return static_cast<int>(ours) == static_cast<int>(cudas);
}
static_assert(is_same(CudaStatus::kStubLibrary, cudaErrorStubLibrary));
static_assert(is_same(CudaStatus::kInsufficientDriver, cudaErrorInsufficientDriver));
static_assert(is_same(CudaStatus::kDevicesUnavailable, cudaErrorDevicesUnavailable));
static_assert(is_same(CudaStatus::kInvalidDeviceFunction, cudaErrorInvalidDeviceFunction));
static_assert(is_same(CudaStatus::kNoDevice, cudaErrorNoDevice));
static_assert(is_same(CudaStatus::kNoKernelImageForDevice, cudaErrorNoKernelImageForDevice));
static_assert(is_same(CudaStatus::kJitCompilerNotFound, cudaErrorJitCompilerNotFound));
static_assert(is_same(CudaStatus::kUnsupportedPtxVersion, cudaErrorUnsupportedPtxVersion));
static_assert(is_same(CudaStatus::kSystemNotReady, cudaErrorSystemNotReady));
static_assert(is_same(CudaStatus::kSystemDriverMismatch, cudaErrorSystemDriverMismatch));
static_assert(is_same(CudaStatus::kCompatNotSupportedOnDevice,
                      cudaErrorCompatNotSupportedOnDevice));

std::string out_of_memory_message(std::optional<std::size_t> requested) {
  int device = 0;
  DeviceMemory memory{};
  const bool is_known = cudaGetDevice(&device) == cudaSuccess &&
                        cudaMemGetInfo(&memory.free, &memory.total) == cudaSuccess;
  return device_memory_message(fmt::format("GPU {}", device), requested,
                               is_known ? std::optional(memory) : std::nullopt);
}

/// @param message what is wrong and what would be right; empty where that is not known
[[noreturn]] void throw_error(const std::string& message, const char* name, const char* text,
                              const char* call, const char* file, int line) {
  (void)cudaGetLastError();  // else Thrust would report it again to who goes on after the exception
  if (message.empty()) {
    throw DeviceError("{} failed at {}:{}: {} ({})", call, file, line, text, name);
  }
  throw DeviceError("{} ({}: {})", message, name, text);
}

}  // namespace

void check_device_call(cudaError_t status, const char* call, const char* file, int line,
                       std::optional<std::size_t> requested) {
  if (status != cudaSuccess) {
    const auto message = status == cudaErrorMemoryAllocation
                             ? out_of_memory_message(requested)
                             : std::string(status_message(static_cast<CudaStatus>(status)));
    throw_error(message, cudaGetErrorName(status), cudaGetErrorString(status), call, file, line);
  }
}

void check_device_call(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    std::string message;
    if (status == CUBLAS_STATUS_ALLOC_FAILED) {
      message = out_of_memory_message(std::nullopt);
    } else if (status == CUBLAS_STATUS_NOT_INITIALIZED) {  // what cublasCreate() says on a full GPU
      message = "cuBLAS does not start, as a rule because " + out_of_memory_message(std::nullopt);
    }
    throw_error(message, cublasGetStatusName(status), cublasGetStatusString(status), call, file,
                line);
  }
}

void throw_device_error(const char* call, const std::exception& error) {
  throw DeviceError("{} failed: {}", call, error.what());
}

}  // namespace qmnist::cuda
