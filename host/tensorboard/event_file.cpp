#include "host/tensorboard/event_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <isa-l/crc.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "host/run_store/run_folder.h"
#include "host/write_file.h"

namespace qmnist {
namespace {

std::string little_endian(std::uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = 0; i < bytes; ++i) {
    text += static_cast<char>(value >> (8 * i) & 0xFFU);
  }
  return text;
}

/// A CRC of data that hold CRCs is a weak one, so it is masked.
std::string masked_checksum(std::string_view bytes) {
  std::string copy(bytes);  // ISA-L's parameter is not const
  const std::uint32_t crc = ~crc32_iscsi(reinterpret_cast<unsigned char*>(copy.data()),
                                         static_cast<int>(copy.size()), ~0U);
  constexpr std::uint32_t kMask = 0xA282EAD8;
  return little_endian(((crc >> 15U) | (crc << 17U)) + kMask, 4);
}

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

/// TensorBoard reads the files of a folder in the order of their names.
std::string file_name(unsigned number) {
  return fmt::format("{}{}.{}.{}.{}", run_file::kEventsStart,
                     static_cast<std::int64_t>(seconds_since_1970()), host_name(), getpid(),
                     number);
}

}  // namespace

std::string event_record(std::string_view bytes) {
  std::string record = little_endian(bytes.size(), 8);
  record += masked_checksum(record);
  record += bytes;
  return record + masked_checksum(bytes);
}

EventFile::EventFile(const std::filesystem::path& folder) : descriptor_(-1) {
  for (unsigned number = 0; !descriptor_; ++number) {
    path_ = folder / file_name(number);
    constexpr mode_t kMode = 0666;  // less the umask
    descriptor_ = FileDescriptor(
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, kMode));
    if (!descriptor_ && errno != EEXIST) {
      throw_write_error(path_);
    }
  }
  tensorboard::Event version;
  version.set_file_version("brain.Event:2");
  write(std::move(version));
}

void EventFile::write(tensorboard::Event event) {
  event.set_wall_time(seconds_since_1970());
  if (!write_all(descriptor_, event_record(event.SerializeAsString()))) {
    throw_write_error(path_);
  }
}

}  // namespace qmnist
