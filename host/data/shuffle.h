#pragma once

#include <cstdint>
#include <random>
#include <span>

namespace qmnist {

/// Shuffles in place exactly as NumPy's legacy RandomState does with its MT19937 stream.
///
/// Fisher-Yates from the end; each index is drawn by masked rejection of 32-bit outputs.
/// Source: numpy/random/mtrand.pyx (shuffle), _legacy/src/distributions.c (random_interval).
void numpy_shuffle(std::span<std::uint32_t> items, std::mt19937& generator);

}  // namespace qmnist
