#pragma once

#include <tensorboard/event.pb.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "host/file_descriptor.h"

namespace qmnist {

/// A record of an event file: length, its checksum, the bytes, their checksum; the checksums are
/// CRC-32C, masked, and all numbers little-endian.
/// Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
[[nodiscard]] std::string event_record(std::string_view bytes);

/// A new file of TensorBoard's events in a folder. Each event is appended by one write, as a reader
/// that meets half a record may ignore the rest of the file.
/// Functions throw UsageError, naming the file and the system's reason, if writing fails.
class EventFile {
 public:
  /// Creates the file, under a name that no other one in the folder has.
  explicit EventFile(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Appends an event, as of now.
  void write(tensorboard::Event event);

 private:
  std::filesystem::path path_;
  FileDescriptor descriptor_;
};

}  // namespace qmnist
