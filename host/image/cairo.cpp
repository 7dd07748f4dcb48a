#include "host/image/cairo.h"

#include <new>
#include <stdexcept>

namespace qmnist {

std::string to_png(cairo_surface_t* surface) {
  if (const cairo_status_t status = cairo_surface_status(surface);
      status != CAIRO_STATUS_SUCCESS && status != CAIRO_STATUS_NO_MEMORY) {
    throw std::logic_error(cairo_status_to_string(status));
  }
  std::string png;
  const auto append = [](void* to, const unsigned char* data, unsigned size) {
    try {
      static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), size);
      return CAIRO_STATUS_SUCCESS;
    } catch (const std::bad_alloc&) {  // must not go through cairo's C code
      return CAIRO_STATUS_NO_MEMORY;
    }
  };
  if (cairo_surface_write_to_png_stream(surface, append, &png) != CAIRO_STATUS_SUCCESS) {
    throw std::bad_alloc();  // nothing else can fail in memory; libpng does not say what did
  }
  return png;
}

}  // namespace qmnist
