#pragma once

namespace qmnist {

/// Floating-point operations a second of one core: multiply-adds on sums in registers, measured
/// once. Widest vectors, enough sums to hide the latency.
double fma_peak();

}  // namespace qmnist
