#include "host/image/svg.h"
#include "host/missing_part.h"

namespace qmnist {

bool has_svg_to_png() {
  return false;
}

void require_svg_to_png() {
  throw_missing_part("draws no PNG charts", "librsvg", "QMNIST_REPORT_PNG");
}

std::string svg_to_png(std::string_view /*svg*/) {
  require_svg_to_png();
  return {};
}

}  // namespace qmnist
