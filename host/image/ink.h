#pragma once

#include <optional>

#include "host/image/image.h"

namespace qmnist {

/// The ink of a picture, be it dark on a light ground or the reverse: 0 where there is none, 1
/// where it is full, cropped to where it is. The ground's shades and noise and specks beside the
/// ink are gone. At most 256 pixels a side, to which a larger picture is scaled down first.
/// @return nothing where nothing stands out.
[[nodiscard]] std::optional<Plane> find_ink(const GreyImage& image);

}  // namespace qmnist
