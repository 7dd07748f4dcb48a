#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <optional>

namespace qmnist::cuda {

/// @throws DeviceError unless the status is success: what is wrong and what would be right, where
/// device_messages.h knows it, else the call and its place; and what the call returned.
/// @param requested bytes of device memory that the call was to allocate
void check_device_call(cudaError_t status, const char* call, const char* file, int line,
                       std::optional<std::size_t> requested = std::nullopt);
void check_device_call(cublasStatus_t status, const char* call, const char* file, int line);

}  // namespace qmnist::cuda

/// Every CUDA and cuBLAS call goes through this; only destructors, which must not throw, do not.
#define QMNIST_CHECK(call) ::qmnist::cuda::check_device_call((call), #call, __FILE__, __LINE__)
