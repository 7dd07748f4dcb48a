#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace qmnist {

/// Exit statuses of the program; docs/usage.md lists them for users.
enum class ExitStatus {
  kDone = 0,
  kInternal = 1,
  kUsage = 2,
  kData = 3,
  kDevice = 4,
  kTargetMissed = 5,  ///< the run is finished, but training.target_accuracy was not reached
  kInterrupted = 130,
};

/// Base class of the program's errors; each has an exit status.
///
/// The message is one line without a trailing full stop. It names the file, key or call that is
/// wrong and says what would be right. The library throws; only main prints.
class Error : public std::runtime_error {
 public:
  Error(ExitStatus status, const std::string& message)
      : std::runtime_error(message), status_(status) {}
  [[nodiscard]] ExitStatus status() const noexcept { return status_; }

 private:
  ExitStatus status_;
};

/// Invalid command line, config or environment: exit status 2.
class UsageError : public Error {
 public:
  template <typename... Args>
  explicit UsageError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitStatus::kUsage, fmt::format(format, std::forward<Args>(args)...)) {}
};

/// Missing, damaged or unsuitable data, model or checkpoint file: exit status 3.
class DataError : public Error {
 public:
  template <typename... Args>
  explicit DataError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitStatus::kData, fmt::format(format, std::forward<Args>(args)...)) {}
};

/// No usable device, or a device call that failed: exit status 4.
class DeviceError : public Error {
 public:
  template <typename... Args>
  explicit DeviceError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitStatus::kDevice, fmt::format(format, std::forward<Args>(args)...)) {}
};

/// A device without enough memory; a smaller network or batch may fit.
class DeviceMemoryError : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

}  // namespace qmnist
