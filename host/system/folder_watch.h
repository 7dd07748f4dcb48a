#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/file_descriptor.h"

namespace qmnist {

/// Tells which files arrive in a folder: those that were written and closed, or moved there. By
/// inotify, so it does not see what other machines write to a network file system.
class FolderWatch {
 public:
  /// @throws DataError naming the folder if it cannot be watched, UsageError if the system's limit
  ///   of watched folders is reached
  explicit FolderWatch(std::filesystem::path folder);

  /// Waits until files arrive or `stop` is readable.
  /// @return the names of the files that have arrived since the last call, each once, in the order
  ///   of arrival; empty after a stop
  /// @throws DataError if the folder was removed or moved, or so many files came at once that the
  ///   system lost some
  [[nodiscard]] std::vector<std::string> wait(const FileDescriptor& stop);

 private:
  /// Adds the names in the events that are there.
  void read_events(std::vector<std::string>& names);

  std::filesystem::path folder_;
  FileDescriptor descriptor_;
};

}  // namespace qmnist
