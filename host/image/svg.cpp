#include "host/image/svg.h"

#include <cairo.h>
#include <librsvg/rsvg.h>

#include <cmath>
#include <memory>
#include <stdexcept>

namespace qmnist {
namespace {

template <auto kRelease>
struct Release {
  template <typename Handle>
  void operator()(Handle* handle) const {
    kRelease(handle);
  }
};
using Surface = std::unique_ptr<cairo_surface_t, Release<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Release<cairo_destroy>>;
using Document = std::unique_ptr<RsvgHandle, Release<g_object_unref>>;

cairo_status_t append(void* png, const unsigned char* data, unsigned size) {
  static_cast<std::string*>(png)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

std::string svg_to_png(std::string_view svg) {
  const Document document(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), nullptr));
  double width = 0;
  double height = 0;
  if (!document ||
      rsvg_handle_get_intrinsic_size_in_pixels(document.get(), &width, &height) == FALSE) {
    throw std::logic_error("a drawing of ours is no SVG with a size");
  }
  const Surface surface(cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, static_cast<int>(std::ceil(width)), static_cast<int>(std::ceil(height))));
  const Context context(cairo_create(surface.get()));
  const RsvgRectangle whole{0, 0, width, height};
  std::string png;
  if (rsvg_handle_render_document(document.get(), context.get(), &whole, nullptr) == FALSE ||
      cairo_surface_write_to_png_stream(surface.get(), append, &png) != CAIRO_STATUS_SUCCESS) {
    throw std::logic_error("a drawing of ours cannot be drawn");
  }
  return png;
}

}  // namespace qmnist
