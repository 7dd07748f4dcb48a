#pragma once

#include <cstddef>

#include "host/image/image.h"

namespace qmnist {

/// Resizes an image, bit-identical to OpenCV's cv::resize with INTER_LINEAR (modules/imgproc/src/
/// resize.cpp, 8 bit). Each pixel of the result is interpolated from four pixels, so downscaling
/// samples and does not average.
/// @param image with at least one pixel; likewise the result
[[nodiscard]] GreyImage resize_bilinear(const GreyImage& image, std::size_t width,
                                        std::size_t height);

}  // namespace qmnist
