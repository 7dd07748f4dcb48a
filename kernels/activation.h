#pragma once

#include <cmath>

#include "kernels/host_device.h"

namespace qmnist {

/// What a hidden layer does with its sums z = inputs * weight^T + bias.
enum class Activation { kRelu, kLeakyRelu, kGelu, kTanh };

/// Slope of kLeakyRelu below 0, as in PyTorch and ONNX.
inline constexpr double kLeak = 0.01;

inline constexpr double kRootHalf = 0.70710678118654752;    ///< sqrt(1 / 2)
inline constexpr double kNormalPeak = 0.39894228040143268;  ///< 1 / sqrt(2 pi)

/// The activation of a sum:
///
///     relu        max(z, 0)
///     leaky_relu  z, below 0 kLeak z
///     gelu        z Phi(z), Phi the normal distribution (Hendrycks and Gimpel 2016), not its
///                 approximation by tanh
///     tanh        tanh z
///
/// What is no number stays so, that a diverged run shows.
template <typename Real>
QMNIST_HOST_DEVICE inline Real activate(Activation activation, Real z) {
  switch (activation) {
    case Activation::kRelu:
      return z < Real{0} ? Real{0} : z;
    case Activation::kLeakyRelu:
      return z < Real{0} ? static_cast<Real>(kLeak) * z : z;
    case Activation::kGelu:
      return z * std::erfc(-z * static_cast<Real>(kRootHalf)) / 2;
    case Activation::kTanh:
      return std::tanh(z);
  }
  return z;
}

/// Its derivative at z; of relu and leaky_relu at 0 that from below, as in Keras and PyTorch.
template <typename Real>
QMNIST_HOST_DEVICE inline Real activation_slope(Activation activation, Real z) {
  switch (activation) {
    case Activation::kRelu:
      return z <= Real{0} ? Real{0} : Real{1};
    case Activation::kLeakyRelu:
      return z <= Real{0} ? static_cast<Real>(kLeak) : Real{1};
    case Activation::kGelu:
      return std::erfc(-z * static_cast<Real>(kRootHalf)) / 2 +
             z * std::exp(-z * z / 2) * static_cast<Real>(kNormalPeak);
    case Activation::kTanh:
      return 1 - std::tanh(z) * std::tanh(z);
  }
  return Real{1};
}

}  // namespace qmnist
