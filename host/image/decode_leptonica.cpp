#include <leptonica/allheaders.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "host/image/decoders.h"
#include "host/system/child_process.h"

namespace qmnist {
namespace {

constexpr std::uint8_t kOpaque = 255;

struct DestroyPix {
  void operator()(PIX* pix) const { pixDestroy(&pix); }
};
/// An image of Leptonica's.
using PixPtr = std::unique_ptr<PIX, DestroyPix>;

/// Keeps Leptonica from printing to standard error; its calls report failure by what they return.
void silence_leptonica() {
  [[maybe_unused]] static const bool is_silent = [] {
    setMsgSeverity(L_SEVERITY_NONE);
    leptSetStderrHandler([](const char*) {});  // for what it prints at any severity
    return true;
  }();
}

[[noreturn]] void throw_undecodable(const std::string& place) {
  throw DataError(
      "{}: cannot be decoded: damaged, of an unusual kind, or too large for the memory; save it as "
      "PNG",
      place);
}

/// Finds the first frame of a GIF file. Leptonica would decode them all, of any size, for the sake
/// of the first.
class GifReader {
 public:
  GifReader(Bytes bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  /// The file without what follows its first frame, whose size is checked.
  std::vector<std::uint8_t> first_frame() {
    constexpr std::size_t kHeader = 13;
    constexpr std::size_t kDescriptor = 10;
    constexpr std::uint8_t kExtension = 0x21;
    constexpr std::uint8_t kFrame = 0x2C;
    constexpr std::uint8_t kEnd = 0x3B;
    at_ = kHeader + palette_size(kHeader - 3);
    while (byte(at_) == kExtension) {
      at_ += 2;
      skip_blocks();
    }
    if (byte(at_) != kFrame) {
      throw DataError("{}: damaged GIF: byte {} begins no frame; save it as PNG", place_, at_);
    }
    check_image_size(number(at_ + 5), number(at_ + 7), place_);
    at_ += kDescriptor + palette_size(at_ + kDescriptor - 1);
    ++at_;  // the width of its codes
    skip_blocks();
    std::vector<std::uint8_t> file(bytes_.begin(),
                                   bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    file.push_back(kEnd);
    return file;
  }

 private:
  [[nodiscard]] std::uint8_t byte(std::size_t at) const {
    if (at >= bytes_.size()) {
      throw DataError("{}: damaged GIF: ends at byte {}; expected its first frame", place_,
                      bytes_.size());
    }
    return bytes_[at];
  }
  [[nodiscard]] std::size_t number(std::size_t at) const {
    return byte(at) | std::size_t{byte(at + 1)} << 8;
  }
  /// In bytes, as a field of flags says.
  [[nodiscard]] std::size_t palette_size(std::size_t flags_at) const {
    const unsigned flags = byte(flags_at);
    return (flags & 0x80U) != 0 ? std::size_t{6} << (flags & 7U) : 0;
  }
  void skip_blocks() {
    while (byte(at_) != 0) {
      at_ += 1 + std::size_t{byte(at_)};
    }
    ++at_;
  }

  Bytes bytes_;
  const std::string& place_;
  std::size_t at_ = 0;
};

/// @param pix  32 bits per pixel
ColourImage to_colour_image(PIX* pix, bool has_alpha) {
  ColourImage image{.width = static_cast<std::size_t>(pixGetWidth(pix)),
                    .height = static_cast<std::size_t>(pixGetHeight(pix)),
                    .pixels = {}};
  image.pixels.reserve(image.width * image.height * ColourImage::kChannels);
  const auto row_size = static_cast<std::size_t>(pixGetWpl(pix));
  for (std::size_t y = 0; y < image.height; ++y) {
    const l_uint32* row = pixGetData(pix) + y * row_size;
    for (std::size_t x = 0; x < image.width; ++x) {
      for (const int shift : {L_RED_SHIFT, L_GREEN_SHIFT, L_BLUE_SHIFT, L_ALPHA_SHIFT}) {
        image.pixels.push_back(static_cast<std::uint8_t>(row[x] >> shift & 0xFFU));
      }
    }
  }
  if (!has_alpha) {
    for (std::size_t i = 3; i < image.pixels.size(); i += ColourImage::kChannels) {
      image.pixels[i] = kOpaque;
    }
  }
  return image;
}

/// Checks the size that the header says, before memory is allocated.
void check_header(Bytes bytes, const std::string& place) {
  int format = 0;
  int width = 0;
  int height = 0;
  if (pixReadHeaderMem(bytes.data(), bytes.size(), &format, &width, &height, nullptr, nullptr,
                       nullptr) == 0) {
    check_image_size(static_cast<std::size_t>(std::max(width, 0)),
                     static_cast<std::size_t>(std::max(height, 0)), place);
  }
}

ColourImage decode(Bytes bytes, const std::string& place) {
  silence_leptonica();
  std::vector<std::uint8_t> gif;
  if (bytes.front() == 'G') {
    gif = GifReader(bytes, place).first_frame();
    bytes = gif;
  } else {
    check_header(bytes, place);
  }
  PixPtr pix(pixReadMem(bytes.data(), bytes.size()));
  if (pix != nullptr) {
    check_image_size(static_cast<std::size_t>(pixGetWidth(pix.get())),
                     static_cast<std::size_t>(pixGetHeight(pix.get())), place);
  }
  if (pix != nullptr && pixGetDepth(pix.get()) == 16) {
    pix.reset(pixConvert16To8(pix.get(), L_MS_BYTE));
  }
  const PixPtr colour(pix != nullptr ? pixConvertTo32(pix.get()) : nullptr);
  if (colour == nullptr) {
    throw_undecodable(place);
  }
  return to_colour_image(colour.get(), pixGetSpp(pix.get()) == 4);
}

// How a child process answers: width and height, then the pixels; where there are none, an error.
using Size = std::array<std::size_t, 2>;

std::string answer(Bytes bytes, const std::string& place) {
  Size size{};
  std::string content;
  try {
    const ColourImage image = decode(bytes, place);
    size = {image.width, image.height};
    content.assign(image.pixels.begin(), image.pixels.end());
  } catch (const DataError& error) {
    content = error.what();
  }
  return std::string(reinterpret_cast<const char*>(size.data()), sizeof size) + content;
}

ColourImage to_image(std::string_view answer) {
  Size size{};
  std::memcpy(size.data(), answer.data(), sizeof size);
  answer.remove_prefix(sizeof size);
  if (size[0] == 0) {
    throw DataError("{}", answer);
  }
  return {.width = size[0], .height = size[1], .pixels = {answer.begin(), answer.end()}};
}

}  // namespace

ColourImage decode_by_leptonica(Bytes bytes, const std::string& place) {
  // Leptonica and libtiff crash where an allocation fails, and four decoders in C see whatever a
  // file holds. A child process costs about a millisecond.
  std::string result;
  try {
    result = run_in_child("decoding", [&] { return answer(bytes, place); });
  } catch (const UsageError&) {
    throw_undecodable(place);
  }
  return to_image(result);
}

}  // namespace qmnist
