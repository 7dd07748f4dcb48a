#pragma once

#include "host/settings/constraint.h"

namespace qmnist {

/// Random distortion of the training images, drawn each time an image is used. Each number is
/// the largest change; changes are drawn uniformly between minus and plus that.
struct AugmentationSettings {
  double rotation = 0;
  double scale = 0;
  double shear = 0;
  double shift = 0;
  double elastic = 0;
  double elastic_sigma = 4;

  [[nodiscard]] bool any() const {
    return rotation > 0 || scale > 0 || shear > 0 || shift > 0 || elastic > 0;
  }
};

template <SameAs<AugmentationSettings> Settings, typename Visitor>
void visit(Settings& settings, const Visitor& key) {
  key("augmentation.rotation", settings.rotation, constraint::closed(0, 180),
      "random rotation, +- degrees");
  key("augmentation.scale", settings.scale, constraint::closed(0, 0.5),
      "random scaling of width and height, +- fraction");
  key("augmentation.shear", settings.shear, constraint::closed(0, 1),
      "random horizontal shear, +- pixels per row");
  key("augmentation.shift", settings.shift, constraint::closed(0, 14),
      "random translation along each axis, +- pixels");
  key("augmentation.elastic", settings.elastic, constraint::closed(0, 4),
      "elastic distortion: standard deviation of the displacements in pixels");
  key("augmentation.elastic_sigma", settings.elastic_sigma, constraint::closed(3, 10),
      "elastic distortion: sigma in pixels of the Gaussian that smooths the displacements");
}

}  // namespace qmnist
