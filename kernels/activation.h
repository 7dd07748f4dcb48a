#pragma once

#include <array>
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

inline constexpr double kNormalPeak = 0.39894228040143268;  ///< 1 / sqrt(2 pi)

#define QMNIST_FORMULA QMNIST_HOST_DEVICE inline
#include "kernels/activation-inl.h"
#undef QMNIST_FORMULA

}  // namespace qmnist
