// Uses libjpeg-turbo, which gives the same pixels as OpenCV's imread. Leptonica lets libjpeg print
// to standard error and does not limit the number of scans; stb_image in Debian 12 writes out of
// bounds on a JPEG of a few bytes.
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

ColourImage decode_jpeg(Bytes bytes, const std::string& name) {
  const std::unique_ptr<void, Destroy> decoder(tjInitDecompress());
  if (decoder == nullptr) {
    throw std::bad_alloc();
  }
  const auto check = [&](int status) {
    if (status != 0) {
      throw DataError("{}: damaged JPEG: {}; save or fetch it again", name,
                      tjGetErrorStr2(decoder.get()));
    }
  };
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  check(tjDecompressHeader3(decoder.get(), bytes.data(), bytes.size(), &width, &height,
                            &subsampling, &colours));
  check_image_size(static_cast<std::size_t>(width), static_cast<std::size_t>(height), name);
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
    throw DataError("{}: is a JPEG in printing inks (CMYK); expected RGB or grey", name);
  }
  ColourImage image{.width = static_cast<std::size_t>(width),
                    .height = static_cast<std::size_t>(height),
                    .pixels = {}};
  image.pixels.resize(image.width * image.height * ColourImage::kChannels);
  // Warnings mean truncated or invalid data. Limiting scans prevents files that take forever.
  check(tjDecompress2(decoder.get(), bytes.data(), bytes.size(), image.pixels.data(), width, 0,
                      height, TJPF_RGBA,
                      TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS));
  return upright(std::move(image), exif_orientation(bytes));
}

}  // namespace qmnist
