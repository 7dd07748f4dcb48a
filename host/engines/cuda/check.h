#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <exception>

namespace qmnist {

/// @throws DeviceError naming the call, its place and what it returned, unless that is success.
void check_device_call(cudaError_t status, const char* call, const char* file, int line);
void check_device_call(cublasStatus_t status, const char* call, const char* file, int line);

/// @throws DeviceError for a library's call that failed by throwing.
[[noreturn]] void throw_device_error(const char* call, const std::exception& error);

}  // namespace qmnist

/// Every CUDA and cuBLAS call goes through this; only destructors, which must not throw, do not.
#define QMNIST_CHECK(call) ::qmnist::check_device_call((call), #call, __FILE__, __LINE__)
