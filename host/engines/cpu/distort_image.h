#pragma once

#include <cstdint>

#include "kernels/distort.h"

namespace qmnist::cpu {

/// distort() with vector code: the same bytes.
void distort_image(const std::uint8_t* image, const Distortion& distortion,
                   const ElasticWeights* weights, std::uint8_t* distorted);

}  // namespace qmnist::cpu
