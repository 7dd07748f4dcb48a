#include "host/engines/cuda/check.h"

#include "host/error.h"

namespace qmnist {

void check_device_call(cudaError_t status, const char* call, const char* file, int line) {
  if (status != cudaSuccess) {
    throw DeviceError("{} failed at {}:{}: {} ({}){}", call, file, line, cudaGetErrorString(status),
                      cudaGetErrorName(status),
                      status == cudaErrorMemoryAllocation
                          ? "; use a smaller model.hidden or training.batch_size, or --device cpu"
                          : "");
  }
}

void check_device_call(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    throw DeviceError("{} failed at {}:{}: {} ({})", call, file, line,
                      cublasGetStatusString(status), cublasGetStatusName(status));
  }
}

void throw_device_error(const char* call, const std::exception& error) {
  throw DeviceError("{} failed: {}", call, error.what());
}

}  // namespace qmnist
