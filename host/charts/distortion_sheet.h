#pragma once

#include "host/data/dataset.h"
#include "host/engines/augmentation.h"
#include "host/image/image.h"

namespace qmnist {

/// Draws one of each digit in a row of its own, followed by distortions of it as steps of training
/// would see them; ink is black, and all is enlarged.
/// @param data images of 28 x 28; digits that it does not hold have no row
[[nodiscard]] GreyImage distortion_sheet(const DataView& data, const Augmentation& augmentation);

}  // namespace qmnist
