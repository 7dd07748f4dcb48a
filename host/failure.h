#pragma once

#include <string>
#include <string_view>

#include "host/error.h"

namespace qmnist {

/// Exit status and message of a failed command.
struct Failure {
  ExitStatus status;
  std::string message;  ///< one line
};

inline constexpr std::string_view kOutOfMemory =
    "not enough memory; use a smaller model.hidden or training.batch_size";

/// Maps the exception being handled to exit status and message; call it in a catch block.
///
/// An Error has its own status. A failed allocation or system call (std::system_error,
/// std::filesystem::filesystem_error) is an error of the environment. Anything else is a defect of
/// the program.
/// @throws std::bad_alloc if there is no memory for the message
[[nodiscard]] Failure current_failure();

}  // namespace qmnist
