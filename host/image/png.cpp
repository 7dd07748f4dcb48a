#include "host/image/png.h"

#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <stdexcept>

#include "host/image/cairo.h"

namespace qmnist {

std::string encode_png(const GreyImage& image) {
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_A8, static_cast<int>(image.width),
                                                   static_cast<int>(image.height)));
  if (cairo_surface_status(surface.get()) == CAIRO_STATUS_NO_MEMORY) {
    throw std::bad_alloc();
  }
  unsigned char* to = cairo_image_surface_get_data(surface.get());
  if (to == nullptr) {
    throw std::logic_error("a picture of ours is too large");
  }
  for (std::size_t row = 0; row < image.height; ++row) {
    std::copy_n(image.pixels.data() + row * image.width, image.width, to);
    to += cairo_image_surface_get_stride(surface.get());
  }
  cairo_surface_mark_dirty(surface.get());
  return to_png(surface.get());
}

std::string png_data_uri(std::string_view png) {
  std::string base64((png.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a zero
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                     reinterpret_cast<const unsigned char*>(png.data()),
                                     static_cast<int>(png.size()));
  base64.resize(static_cast<std::size_t>(length));
  return "data:image/png;base64," + base64;
}

}  // namespace qmnist
