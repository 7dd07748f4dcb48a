#pragma once

#include <gtest/gtest.h>
#include <tensorboard/event.pb.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "host/tensorboard/event_file.h"
#include "tests/support/support.h"

namespace qmnist::test {

/// The events of a file, each of whose records must be whole and have the right checksums.
[[nodiscard]] inline std::vector<tensorboard::Event> read_events(
    const std::filesystem::path& path) {
  std::string left = read_file(path);
  std::vector<tensorboard::Event> events;
  while (!left.empty()) {
    std::uint64_t size = 0;
    std::memcpy(&size, left.data(), sizeof(size));
    const std::string bytes = left.substr(12, size);
    EXPECT_EQ(left.substr(0, size + 16), event_record(bytes));
    EXPECT_TRUE(events.emplace_back().ParseFromString(bytes));
    left.erase(0, size + 16);
  }
  return events;
}

}  // namespace qmnist::test
