#pragma once

#include <string>
#include <string_view>

#include "host/error.h"

namespace qmnist {

/// How a command failed.
struct Failure {
  ExitStatus status;
  std::string message;  ///< one sentence for people
};

inline constexpr std::string_view kOutOfMemory =
    "not enough memory; use a smaller model.hidden or training.batch_size";

/// What the exception being handled means to a user; to be called in a catch block.
///
/// This is the one place that knows: an Error says it itself; a refused allocation or system call
/// (std::system_error, std::filesystem::filesystem_error) is the environment's fault; anything else
/// is a defect of the program.
/// @throws std::bad_alloc where there is no memory to say it
[[nodiscard]] Failure current_failure();

}  // namespace qmnist
