// PGM and PPM. Not by stb_image, which takes a maximum other than 255 or 65535 for one of these,
// and what lies in memory behind a truncated file for pixels. Not by Leptonica 1.82, which knows
// neither other maxima nor a PPM of 16 bits, reads a PGM of 16 bits in the machine's byte order and
// crashes where an allocation fails.
#include <algorithm>
#include <cctype>
#include <charconv>

#include "host/error.h"
#include "host/image/decoders.h"

namespace qmnist {
namespace {

constexpr std::size_t kGreatest = 65535;  // of a sample

/// Reads a PGM or PPM file from behind its first two letters on.
class Reader {
 public:
  Reader(Bytes bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  /// The next number in words; space and comments before it are skipped.
  std::size_t number() {
    skip_space();
    std::size_t value = 0;
    const std::size_t begin = at_;
    while (at_ < bytes_.size() && std::isdigit(bytes_[at_]) != 0) {
      value = std::min(10 * value + (bytes_[at_] - '0'), kGreatest + 1);
      ++at_;
    }
    if (at_ == begin) {
      throw DataError("{}: byte {}: {}; expected a number", place_, at_,
                      at_ == bytes_.size() ? "ends early" : "is no digit");
    }
    return value;
  }

  /// The next sample in one or two bytes.
  std::size_t sample(std::size_t size) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | bytes_[at_++];
    }
    return value;
  }

  /// Steps over the one byte between a header and binary samples.
  void expect_binary(std::size_t size) {
    ++at_;
    if (at_ > bytes_.size() || bytes_.size() - at_ < size) {
      throw DataError("{}: ends at byte {}; expected {} bytes of pixels from byte {} on", place_,
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
  const std::string& place_;
  std::size_t at_ = 2;
};

/// A sample as a level 0..255.
std::uint8_t level(std::size_t sample, std::size_t greatest) {
  sample = std::min(sample, greatest);
  return static_cast<std::uint8_t>(
      greatest == kGreatest ? sample >> 8 : (sample * 255 + greatest / 2) / greatest);
}

}  // namespace

ColourImage decode_pnm(Bytes bytes, const std::string& place) {
  const bool is_binary = bytes[1] >= '5';
  const std::size_t channels = bytes[1] == '3' || bytes[1] == '6' ? 3 : 1;
  Reader reader(bytes, place);
  ColourImage image{.width = reader.number(), .height = reader.number(), .pixels = {}};
  check_image_size(image.width, image.height, place);
  const std::size_t greatest = reader.number();
  if (greatest == 0 || greatest > kGreatest) {
    throw DataError("{}: says that its samples go up to {}; expected 1 to {}", place, greatest,
                    kGreatest);
  }
  const std::size_t sample_size = greatest < 256 ? 1 : 2;
  const std::size_t samples = image.width * image.height * channels;
  if (is_binary) {
    reader.expect_binary(samples * sample_size);
  } else if (bytes.size() < 2 * samples) {  // before memory is taken
    throw DataError("{}: ends at byte {}; expected {} numbers", place, bytes.size(), samples);
  }
  image.pixels.assign(image.width * image.height * ColourImage::kChannels, 255);
  for (auto pixel = image.pixels.begin(); pixel != image.pixels.end();
       pixel += ColourImage::kChannels) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      pixel[static_cast<std::ptrdiff_t>(channel)] =
          level(is_binary ? reader.sample(sample_size) : reader.number(), greatest);
    }
    if (channels == 1) {
      std::fill_n(pixel + 1, 2, *pixel);
    }
  }
  return image;
}

}  // namespace qmnist
