#pragma once

namespace qmnist {

/// Peak rates per second of one core of this machine, measured in loops that do nothing else.
struct CpuPeaks {
  double flops;  ///< of multiply-adds on sums in registers, two each
  double
      bytes;  ///< read and written: three arrays of a baseline's parameters, in place, as Adam does
  double roots;  ///< of exact 1 / sqrt(x) of floats, a square root and a division as Adam needs
};

/// Measures them, in half a second.
CpuPeaks measure_cpu_peaks();

}  // namespace qmnist
