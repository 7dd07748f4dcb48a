#pragma once

#include <nccl.h>

#include "host/error.h"

namespace qmnist::cuda {

/// @throws DeviceError with the call's text and place, and NCCL's words, if it failed
inline void check_nccl_call(ncclResult_t status, const char* call, const char* file, int line) {
  if (status != ncclSuccess) {
    throw DeviceError("{} failed at {}:{}: {} ({})", call, file, line, ncclGetErrorString(status),
                      ncclGetLastError(nullptr));
  }
}

}  // namespace qmnist::cuda

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): only a macro has the call's text
#define QMNIST_NCCL_CHECK(call) ::qmnist::cuda::check_nccl_call((call), #call, __FILE__, __LINE__)
