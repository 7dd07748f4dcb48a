#include "host/error.h"
#include "host/image/decode.h"

namespace qmnist {

void require_image_decoders() {
  throw UsageError(
      "this build reads no images; install Leptonica, libjpeg-turbo, libexif and stb_image "
      "(scripts/setup does) and build again with QMNIST_IMAGES=ON");
}

ColourImage decode_image(std::span<const std::uint8_t> /*bytes*/, const std::string& /*place*/) {
  require_image_decoders();
  return {};
}

}  // namespace qmnist
