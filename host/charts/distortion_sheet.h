#pragma once

#include "host/data/dataset.h"
#include "host/engines/augmentation.h"
#include "host/image/image.h"

namespace qmnist {

/// Draws a row per class: an image and distortions of it, as training steps would use them. Ink is
/// black; images are enlarged.
/// @param data images of 28 x 28; classes without an image have no row
[[nodiscard]] GreyImage distortion_sheet(const DataView& data, const Augmentation& augmentation);

}  // namespace qmnist
