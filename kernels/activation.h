#pragma once

#include <array>
#include <cmath>
#include <string_view>

#include "kernels/host_device.h"
#include "kernels/scalar.h"

namespace qmnist {

/// Activation of a hidden layer, applied to z = inputs * weight^T + bias.
enum class Activation { kRelu, kLeakyRelu, kGelu, kTanh };

struct ActivationChoice {
  Activation value;
  std::string_view name;  ///< in configs and model files
  /// As ONNX nodes of operator set 13, each applied to the one before: an operator and its second
  /// operand, z or a constant, if it has one.
  std::string_view onnx;
  std::string_view cpp;  ///< as a C++ expression of a float z
};

inline constexpr std::array kActivations{
    ActivationChoice{Activation::kRelu, "relu", "Relu", "std::max(z, 0.0F)"},
    ActivationChoice{Activation::kLeakyRelu, "leaky_relu", "LeakyRelu", "z < 0 ? 0.01F * z : z"},
    ActivationChoice{Activation::kGelu, "gelu",
                     "Mul 0.70710678118654752, Erf, Add 1, Mul z, Mul 0.5",
                     "z * std::erfc(-z * 0.70710678F) / 2"},
    ActivationChoice{Activation::kTanh, "tanh", "Tanh", "std::tanh(z)"},
};
[[nodiscard]] constexpr const auto& choices(Activation /*of*/) {
  return kActivations;
}

/// Derivative of kLeakyRelu below 0, as in PyTorch and ONNX.
inline constexpr double kLeak = 0.01;

inline constexpr double kRootHalf = 0.70710678118654752;    ///< sqrt(1 / 2)
inline constexpr double kNormalPeak = 0.39894228040143268;  ///< 1 / sqrt(2 pi)

#define QMNIST_FORMULA QMNIST_HOST_DEVICE inline
#include "kernels/relu-inl.h"
#undef QMNIST_FORMULA

/// The activation:
///
///     relu        max(z, 0)
///     leaky_relu  z for z >= 0, else kLeak z
///     gelu        z Phi(z), with Phi the cumulative normal distribution (Hendrycks and Gimpel
///                 2016), not its approximation by tanh
///     tanh        tanh z
///
/// NaN propagates, so that divergence is visible.
template <typename Real>
QMNIST_HOST_DEVICE inline Real activate(Activation activation, Real z) {
  switch (activation) {
    case Activation::kRelu:
      return relu(z);
    case Activation::kLeakyRelu:
      return z < Real{0} ? static_cast<Real>(kLeak) * z : z;
    case Activation::kGelu:
      return z * std::erfc(-z * static_cast<Real>(kRootHalf)) / 2;
    case Activation::kTanh:
      return std::tanh(z);
  }
  return z;
}

/// Its derivative at z; at 0 that from below for relu and leaky_relu, as in Keras and PyTorch.
template <typename Real>
QMNIST_HOST_DEVICE inline Real activation_derivative(Activation activation, Real z) {
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
