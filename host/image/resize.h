#pragma once

#include <cstddef>

#include "host/image/image.h"

namespace qmnist {

/// Resizes as OpenCV's cv::resize does with INTER_LINEAR, bit for bit (modules/imgproc/src/
/// resize.cpp, for 8 bit). It looks at four pixels for each of the result's, so a large picture
/// made small is sampled, not averaged.
/// @param image  with at least one pixel; likewise the result
[[nodiscard]] GreyImage resize_bilinear(const GreyImage& image, std::size_t width,
                                        std::size_t height);

}  // namespace qmnist
