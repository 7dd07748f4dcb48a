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

/// What a call returned.
struct FailedCall {
  const char* name;
  const char* text;
};

FailedCall failed_call(cudaError_t status) {
  (void)cudaGetLastError();  // else it stays there as the last error
  return {.name = cudaGetErrorName(status), .text = cudaGetErrorString(status)};
}

FailedCall failed_call(cublasStatus_t status) {
  (void)cudaGetLastError();
  return {.name = cublasGetStatusName(status), .text = cublasGetStatusString(status)};
}

/// @param message what is wrong and what would be right
template <typename ErrorType>
[[noreturn]] void throw_with_remedy(const std::string& message, const FailedCall& failed) {
  throw ErrorType("{} ({}: {})", message, failed.name, failed.text);
}

[[noreturn]] void throw_without_remedy(const FailedCall& failed, const char* call, const char* file,
                                       int line) {
  throw DeviceError("{} failed at {}:{}: {} ({})", call, file, line, failed.text, failed.name);
}

}  // namespace

void check_device_call(cudaError_t status, const char* call, const char* file, int line,
                       std::optional<std::size_t> requested) {
  if (status == cudaSuccess) {
    return;
  }
  if (status == cudaErrorMemoryAllocation) {
    throw_with_remedy<DeviceMemoryError>(out_of_memory_message(requested), failed_call(status));
  }
  const FailedCall failed = failed_call(status);
  if (const auto message = status_message(static_cast<CudaStatus>(status)); !message.empty()) {
    throw_with_remedy<DeviceError>(std::string(message), failed);
  }
  throw_without_remedy(failed, call, file, line);
}

void check_device_call(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status == CUBLAS_STATUS_SUCCESS) {
    return;
  }
  if (status == CUBLAS_STATUS_ALLOC_FAILED) {
    throw_with_remedy<DeviceMemoryError>(out_of_memory_message(std::nullopt), failed_call(status));
  }
  if (status == CUBLAS_STATUS_NOT_INITIALIZED) {  // what cublasCreate() says on a full GPU
    throw_with_remedy<DeviceMemoryError>(
        "cuBLAS does not start, as a rule because " + out_of_memory_message(std::nullopt),
        failed_call(status));
  }
  throw_without_remedy(failed_call(status), call, file, line);
}

}  // namespace qmnist::cuda
