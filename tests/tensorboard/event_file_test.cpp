#include "host/tensorboard/event_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "host/error.h"
#include "tests/support/support.h"
#include "tests/tensorboard/read_events.h"

namespace qmnist {
namespace {

using namespace std::string_literals;

TEST(EventFileTest, ARecordIsLengthBytesAndTheirChecksums) {
  tensorboard::Event event;
  event.set_file_version("brain.Event:2");
  const std::string bytes = event.SerializeAsString();
  EXPECT_EQ(bytes,
            "\x1A\x0D"
            "brain.Event:2"s);
  const std::string record = event_record(bytes);
  EXPECT_EQ(record.substr(0, 8), "\x0F\0\0\0\0\0\0\0"s);
  EXPECT_EQ(record.size(), 8 + 4 + bytes.size() + 4);
}

/// CRC-32C of "123456789" is E3069283 (RFC 3720, and every catalogue of CRCs).
TEST(EventFileTest, ChecksumsAreMaskedCastagnoli) {
  constexpr std::uint32_t kCrc = 0xE3069283;
  constexpr std::uint32_t kMasked = ((kCrc >> 15U) | (kCrc << 17U)) + 0xA282EAD8U;
  std::uint32_t checksum = 0;
  const std::string record = event_record("123456789");
  std::memcpy(&checksum, record.data() + record.size() - 4, 4);
  EXPECT_EQ(checksum, kMasked);
}

TEST(EventFileTest, BeginsWithTheVersionAndGrowsByEvents) {
  const test::TemporaryFolder folder;
  EventFile file(folder.path());
  tensorboard::Event event;
  event.set_step(7);
  file.write(event);
  const std::vector<tensorboard::Event> events = test::read_events(file.path());
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_GT(events[0].wall_time(), 1.7e9);
  EXPECT_EQ(events[1].step(), 7);
}

TEST(EventFileTest, EachHasANameOfItsOwn) {
  const test::TemporaryFolder folder;
  const EventFile first(folder.path());
  const EventFile second(folder.path());
  EXPECT_NE(first.path(), second.path());
}

TEST(EventFileTest, SaysWhereItCannotWrite) {
  const test::TemporaryFolder folder;
  try {
    const EventFile file(folder / "nowhere");
    FAIL() << "there was no UsageError";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string_view(error.what()).find("nowhere/events.out.tfevents."),
              std::string_view::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace qmnist
