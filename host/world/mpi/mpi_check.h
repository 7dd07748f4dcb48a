#pragma once

#include <mpi.h>

#include <array>
#include <string>

#include "host/error.h"

namespace qmnist::mpi {

/// @throws DeviceError with MPI's words, the call's text and its place, if it failed
inline void check(int status, const char* call, const char* file, int line) {
  if (status != MPI_SUCCESS) {
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    (void)MPI_Error_string(status, text.data(), &length);
    throw DeviceError("{}:{}: {}: {}", file, line, call,
                      std::string(text.data(), static_cast<std::size_t>(length)));
  }
}

}  // namespace qmnist::mpi

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): only a macro has the call's text
#define QMNIST_MPI_CHECK(call) ::qmnist::mpi::check((call), #call, __FILE__, __LINE__)
