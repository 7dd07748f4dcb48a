#include "host/image/grey.h"

#include "host/data/dataset.h"

namespace qmnist {
namespace {

constexpr unsigned kOpaque = 255;

/// The grey level of an RGB pixel.
unsigned luma(const std::uint8_t* pixel) {
  constexpr unsigned kRed = 9798;  // of 2^15
  constexpr unsigned kGreen = 19235;
  constexpr unsigned kBlue = 3735;
  constexpr unsigned kBits = 15;
  return (kRed * pixel[0] + kGreen * pixel[1] + kBlue * pixel[2] + (1U << (kBits - 1))) >> kBits;
}

template <typename Level>
GreyImage grey_by(const ColourImage& image, const Level& level) {
  GreyImage grey{.width = image.width, .height = image.height, .pixels = {}};
  grey.pixels.reserve(image.width * image.height);
  for (std::size_t i = 0; i < image.pixels.size(); i += ColourImage::kChannels) {
    grey.pixels.push_back(static_cast<std::uint8_t>(level(image.pixels.data() + i)));
  }
  return grey;
}

}  // namespace

GreyImage to_grey(const ColourImage& image) {
  return grey_by(image, luma);
}

GreyImage to_grey_on(const ColourImage& image, std::uint8_t background) {
  return grey_by(image, [background](const std::uint8_t* pixel) {
    const unsigned alpha = pixel[3];
    return (luma(pixel) * alpha + background * (kOpaque - alpha) + kOpaque / 2) / kOpaque;
  });
}

bool is_grey(const ColourImage& image) {
  for (std::size_t i = 0; i < image.pixels.size(); i += ColourImage::kChannels) {
    const std::uint8_t* pixel = image.pixels.data() + i;
    if (pixel[0] != pixel[1] || pixel[0] != pixel[2]) {
      return false;
    }
  }
  return true;
}

bool is_opaque(const ColourImage& image) {
  for (std::size_t i = 3; i < image.pixels.size(); i += ColourImage::kChannels) {
    if (image.pixels[i] != kOpaque) {
      return false;
    }
  }
  return true;
}

GreyImage enlarged(std::span<const std::uint8_t> pixels, std::size_t factor) {
  const std::size_t side = factor * kImageSide;
  GreyImage image{.width = side, .height = side, .pixels = {}};
  for (std::size_t i = 0; i < side * side; ++i) {
    image.pixels.push_back(pixels[i / side / factor * kImageSide + i % side / factor]);
  }
  return image;
}

}  // namespace qmnist
