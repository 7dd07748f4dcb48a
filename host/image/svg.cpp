#include "host/image/svg.h"

#include <librsvg/rsvg.h>

#include <cmath>
#include <memory>
#include <stdexcept>

#include "host/image/cairo.h"

namespace qmnist {
namespace {

struct Unreference {
  void operator()(RsvgHandle* document) const { g_object_unref(document); }
};
using Document = std::unique_ptr<RsvgHandle, Unreference>;

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
  if (rsvg_handle_render_document(document.get(), context.get(), &whole, nullptr) == FALSE) {
    throw std::logic_error("a drawing of ours cannot be drawn");
  }
  return to_png(surface.get());
}

}  // namespace qmnist
