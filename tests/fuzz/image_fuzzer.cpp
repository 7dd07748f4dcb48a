// Every image file becomes a network's input or is refused as bad data.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/error.h"
#include "host/image/decode.h"
#include "host/image/preprocess.h"

namespace {

using qmnist::Preprocess;

/// Gives each chunk of a PNG file its checksum, without which no change would come further.
void repair_png(std::vector<std::uint8_t>& bytes) {
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kAround = 12;
  constexpr std::uint8_t kFirst = 0x89;
  if (bytes.empty() || bytes.front() != kFirst) {
    return;
  }
  for (std::size_t at = kSignature; bytes.size() >= at + kAround;) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      length = length << 8 | bytes[at + i];
    }
    if (length > bytes.size() - at - kAround) {
      return;
    }
    const auto sum = crc32(0, bytes.data() + at + 4, static_cast<uInt>(4 + length));
    for (std::size_t i = 0; i < 4; ++i) {
      bytes[at + 8 + length + i] = static_cast<std::uint8_t>(sum >> (24 - 8 * i) & 0xFF);
    }
    at += kAround + length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes(data, data + size);
  repair_png(bytes);
  for (const Preprocess method : {Preprocess::kNotebook, Preprocess::kMnist}) {
    try {
      (void)qmnist::preprocess(qmnist::decode_image(bytes, "input"), method, "input");
    } catch (const qmnist::DataError&) {  // NOLINT(bugprone-empty-catch): that is what it is for
    }
  }
  return 0;
}
