#include "host/image/svg.h"

#include <fmt/format.h>
#include <librsvg/rsvg.h>

#include <cmath>
#include <memory>
#include <new>
#include <stdexcept>

#include "host/system/child_process.h"

namespace qmnist {
namespace {

struct DestroySurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using Surface = std::unique_ptr<cairo_surface_t, DestroySurface>;

struct DestroyContext {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Context = std::unique_ptr<cairo_t, DestroyContext>;

struct Unreference {
  void operator()(RsvgHandle* document) const { g_object_unref(document); }
};
using Document = std::unique_ptr<RsvgHandle, Unreference>;

struct FreeError {
  void operator()(GError* error) const { g_error_free(error); }
};

/// @throws std::logic_error with librsvg's message where it refused a document
void check(bool is_done, GError* failure) {
  const std::unique_ptr<GError, FreeError> owned(failure);
  if (!is_done) {
    throw std::logic_error(fmt::format("an SVG document of the program cannot be drawn: {}",
                                       owned ? owned->message : "no reason given"));
  }
}

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

std::string draw(std::string_view svg) {
  GError* failure = nullptr;
  const Document document(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &failure));
  check(document != nullptr, failure);
  double width = 0;
  double height = 0;
  check(rsvg_handle_get_intrinsic_size_in_pixels(document.get(), &width, &height) == TRUE, nullptr);
  const Surface surface(cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, static_cast<int>(std::ceil(width)), static_cast<int>(std::ceil(height))));
  const Context context(cairo_create(surface.get()));
  const RsvgRectangle whole{0, 0, width, height};
  const bool is_drawn =
      rsvg_handle_render_document(document.get(), context.get(), &whole, &failure) == TRUE;
  check(is_drawn, failure);
  return to_png(surface.get());
}

}  // namespace

bool has_svg_to_png() {
  return true;
}

void require_svg_to_png() {}

std::string svg_to_png(std::string_view svg) {
  // librsvg and GLib abort where an allocation fails.
  return run_in_child("drawing a picture", [svg] { return draw(svg); });
}

}  // namespace qmnist
