// By libjpeg-turbo, whose pixels are those of OpenCV's imread. Not by Leptonica, which lets libjpeg
// print to standard error and decodes any number of scans, nor by stb_image: the release in Debian
// 12 writes beyond its tables on a JPEG of a few bytes.
#include <turbojpeg.h>

#include <memory>

#include "host/error.h"
#include "host/image/decoders.h"
#include "host/image/orientation.h"

namespace qmnist {
namespace {

struct Destroy {
  void operator()(void* decoder) const { tjDestroy(decoder); }
};

}  // namespace

ColourImage decode_jpeg(Bytes bytes, const std::string& place) {
  const std::unique_ptr<void, Destroy> decoder(tjInitDecompress());
  if (decoder == nullptr) {
    throw std::bad_alloc();
  }
  const auto check = [&](int status) {
    if (status != 0) {
      throw DataError("{}: damaged JPEG: {}; save or fetch it again", place,
                      tjGetErrorStr2(decoder.get()));
    }
  };
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  check(tjDecompressHeader3(decoder.get(), bytes.data(), bytes.size(), &width, &height,
                            &subsampling, &colours));
  check_image_size(static_cast<std::size_t>(width), static_cast<std::size_t>(height), place);
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
    throw DataError("{}: is a JPEG in printing inks (CMYK); expected RGB or grey", place);
  }
  ColourImage image{.width = static_cast<std::size_t>(width),
                    .height = static_cast<std::size_t>(height),
                    .pixels = {}};
  image.pixels.resize(image.width * image.height * ColourImage::kChannels);
  // A warning means data that end early or make no sense; endless scans are a way to waste time.
  check(tjDecompress2(decoder.get(), bytes.data(), bytes.size(), image.pixels.data(), width, 0,
                      height, TJPF_RGBA,
                      TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS));
  return upright(std::move(image), exif_orientation(bytes));
}

}  // namespace qmnist
