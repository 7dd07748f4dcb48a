#include "host/image/cairo.h"

#include <stdexcept>

namespace qmnist {

std::string to_png(cairo_surface_t* surface) {
  std::string png;
  const auto append = [](void* to, const unsigned char* data, unsigned size) {
    static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), size);
    return CAIRO_STATUS_SUCCESS;
  };
  if (cairo_surface_write_to_png_stream(surface, append, &png) != CAIRO_STATUS_SUCCESS) {
    throw std::logic_error("a drawing of ours cannot be written");
  }
  return png;
}

}  // namespace qmnist
