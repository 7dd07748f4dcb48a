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
/// Owns a Leptonica image.
using PixPtr = std::unique_ptr<PIX, DestroyPix>;

/// Keeps Leptonica from printing to standard error; its functions return errors.
void silence_leptonica() {
  [[maybe_unused]] static const bool is_silent = [] {
    setMsgSeverity(L_SEVERITY_NONE);
    leptSetStderrHandler([](const char*) {});  // for messages without a severity
    return true;
  }();
}

[[noreturn]] void throw_undecodable(const std::string& name) {
  throw DataError(
      "{}: cannot be decoded: damaged, unsupported, or too large for the available memory; save it "
      "as PNG",
      name);
}

/// Finds the first frame of a GIF file. Leptonica would decode all frames, of any size, to return
/// the first.
class GifReader {
 public:
  GifReader(Bytes bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  /// The file truncated after its first frame. Checks the size of that frame.
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
      throw DataError("{}: damaged GIF: no frame at byte {}; save it as PNG", name_, at_);
    }
    check_image_size(number(at_ + 5), number(at_ + 7), name_);
    at_ += kDescriptor + palette_size(at_ + kDescriptor - 1);
    ++at_;  // LZW minimum code size
    skip_blocks();
    std::vector<std::uint8_t> file(bytes_.begin(),
                                   bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    file.push_back(kEnd);
    return file;
  }

 private:
  [[nodiscard]] std::uint8_t byte(std::size_t at) const {
    if (at >= bytes_.size()) {
      throw DataError("{}: damaged GIF: ends at byte {}; expected its first frame", name_,
                      bytes_.size());
    }
    return bytes_[at];
  }
  [[nodiscard]] std::size_t number(std::size_t at) const {
    return byte(at) | std::size_t{byte(at + 1)} << 8;
  }
  /// Size in bytes of the palette described by a flags field; 0 for none.
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
  const std::string& name_;
  std::size_t at_ = 0;
};

/// @param pix 32 bits per pixel
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

/// Checks the image size in the header before memory is allocated.
void check_header(Bytes bytes, const std::string& name) {
  int format = 0;
  int width = 0;
  int height = 0;
  if (pixReadHeaderMem(bytes.data(), bytes.size(), &format, &width, &height, nullptr, nullptr,
                       nullptr) == 0) {
    check_image_size(static_cast<std::size_t>(std::max(width, 0)),
                     static_cast<std::size_t>(std::max(height, 0)), name);
  }
}

ColourImage decode(Bytes bytes, const std::string& name) {
  silence_leptonica();
  std::vector<std::uint8_t> gif;
  if (bytes.front() == 'G') {
    gif = GifReader(bytes, name).first_frame();
    bytes = gif;
  } else {
    check_header(bytes, name);
  }
  PixPtr pix(pixReadMem(bytes.data(), bytes.size()));
  if (pix != nullptr) {
    check_image_size(static_cast<std::size_t>(pixGetWidth(pix.get())),
                     static_cast<std::size_t>(pixGetHeight(pix.get())), name);
  }
  if (pix != nullptr && pixGetDepth(pix.get()) == 16) {
    pix.reset(pixConvert16To8(pix.get(), L_MS_BYTE));
  }
  const PixPtr colour(pix != nullptr ? pixConvertTo32(pix.get()) : nullptr);
  if (colour == nullptr) {
    throw_undecodable(name);
  }
  return to_colour_image(colour.get(), pixGetSpp(pix.get()) == 4);
}

// The child process returns width, height and pixels, or two zeros and an error message.
using Size = std::array<std::size_t, 2>;

std::string serialized_result(Bytes bytes, const std::string& name) {
  Size size{};
  std::string content;
  try {
    const ColourImage image = decode(bytes, name);
    size = {image.width, image.height};
    content.assign(image.pixels.begin(), image.pixels.end());
  } catch (const DataError& error) {
    content = error.what();
  }
  return std::string(reinterpret_cast<const char*>(size.data()), sizeof size) + content;
}

ColourImage parse_result(std::string_view result) {
  Size size{};
  std::memcpy(size.data(), result.data(), sizeof size);
  result.remove_prefix(sizeof size);
  if (size[0] == 0) {
    throw DataError("{}", result);
  }
  return {.width = size[0], .height = size[1], .pixels = {result.begin(), result.end()}};
}

}  // namespace

ColourImage decode_by_leptonica(Bytes bytes, const std::string& name) {
  // Leptonica and libtiff crash if an allocation fails, and four C decoders process untrusted data.
  // A child process costs about a millisecond.
  std::string result;
  try {
    result = run_in_child("decoding", [&] { return serialized_result(bytes, name); });
  } catch (const UsageError&) {
    throw_undecodable(name);
  }
  return parse_result(result);
}

}  // namespace qmnist
