// PGM and PPM. stb_image treats other maxima as 255 or 65535 and reads beyond the end of truncated
// files. Leptonica 1.82 supports neither other maxima nor 16-bit PPM, reads 16-bit PGM in the
// machine's byte order, and crashes if an allocation fails.
#include <algorithm>
#include <cctype>
#include <charconv>

#include "host/error.h"
#include "host/image/decoders.h"

namespace qmnist {
namespace {

constexpr std::size_t kMaxSample = 65535;

/// Reads a PGM or PPM file after its first two letters.
class Reader {
 public:
  Reader(Bytes bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  /// Parses the next ASCII number; skips whitespace and comments before it.
  std::size_t number() {
    skip_space();
    std::size_t value = 0;
    const std::size_t begin = at_;
    while (at_ < bytes_.size() && std::isdigit(bytes_[at_]) != 0) {
      value = std::min(10 * value + (bytes_[at_] - '0'), kMaxSample + 1);
      ++at_;
    }
    if (at_ == begin) {
      throw DataError("{}: byte {}: {}; expected a number", name_, at_,
                      at_ == bytes_.size() ? "end of file" : "not a digit");
    }
    return value;
  }

  /// Reads the next binary sample of one or two bytes.
  std::size_t sample(std::size_t size) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | bytes_[at_++];
    }
    return value;
  }

  /// Skips the byte between header and binary samples; checks that `size` bytes follow.
  void expect_binary(std::size_t size) {
    ++at_;
    if (at_ > bytes_.size() || bytes_.size() - at_ < size) {
      throw DataError("{}: ends at byte {}; expected {} bytes of pixels from byte {} on", name_,
                      bytes_.size(), size, at_);
    }
  }

 private:
  void skip_space() {
    bool is_comment = false;
    for (; at_ < bytes_.size(); ++at_) {
      const std::uint8_t byte = bytes_[at_];
      is_comment = is_comment ? byte != '\n' : byte == '#';
      if (!is_comment && std::isspace(byte) == 0) {
        return;
      }
    }
  }

  Bytes bytes_;
  const std::string& name_;
  std::size_t at_ = 2;
};

/// Scales a sample to 0..255.
std::uint8_t level(std::size_t sample, std::size_t max) {
  sample = std::min(sample, max);
  return static_cast<std::uint8_t>(max == kMaxSample ? sample >> 8
                                                     : (sample * 255 + max / 2) / max);
}

}  // namespace

ColourImage decode_pnm(Bytes bytes, const std::string& name) {
  const bool is_binary = bytes[1] >= '5';
  const std::size_t channels = bytes[1] == '3' || bytes[1] == '6' ? 3 : 1;
  Reader reader(bytes, name);
  ColourImage image{.width = reader.number(), .height = reader.number(), .pixels = {}};
  check_image_size(image.width, image.height, name);
  const std::size_t max = reader.number();
  if (max == 0 || max > kMaxSample) {
    throw DataError("{}: the maximum of its samples is {}; expected 1 to {}", name, max,
                    kMaxSample);
  }
  const std::size_t sample_size = max < 256 ? 1 : 2;
  const std::size_t samples = image.width * image.height * channels;
  if (is_binary) {
    reader.expect_binary(samples * sample_size);
  } else if (bytes.size() < 2 * samples) {  // before memory is allocated
    throw DataError("{}: ends at byte {}; expected {} numbers", name, bytes.size(), samples);
  }
  image.pixels.assign(image.width * image.height * ColourImage::kChannels, 255);
  for (auto pixel = image.pixels.begin(); pixel != image.pixels.end();
       pixel += ColourImage::kChannels) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      pixel[static_cast<std::ptrdiff_t>(channel)] =
          level(is_binary ? reader.sample(sample_size) : reader.number(), max);
    }
    if (channels == 1) {
      std::fill_n(pixel + 1, 2, *pixel);
    }
  }
  return image;
}

}  // namespace qmnist
