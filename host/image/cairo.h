#pragma once

#include <cairo.h>

#include <memory>
#include <string>

namespace qmnist {

/// Owners of cairo's handles.
struct DestroySurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using Surface = std::unique_ptr<cairo_surface_t, DestroySurface>;
struct DestroyContext {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Context = std::unique_ptr<cairo_t, DestroyContext>;

/// The bytes of a PNG file; CAIRO_FORMAT_A8 becomes a grey one.
[[nodiscard]] std::string to_png(cairo_surface_t* surface);

}  // namespace qmnist
