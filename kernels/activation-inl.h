// The activations over a value type. Included as kernels/optimizer-inl.h is.

/// max(z, 0); NaN propagates, so that divergence is visible.
template <typename Value>
QMNIST_FORMULA Value relu(Value z) {
  const auto zero = to_value<Value>(0.0);
  return select(z <= zero, zero, z);
}

/// The activation:
///
///     relu        max(z, 0)
///     leaky_relu  z for z >= 0, else kLeak z
///     gelu        z Phi(z), with Phi the cumulative normal distribution (Hendrycks and Gimpel
///                 2016), not its approximation by tanh
///     tanh        tanh z
///
/// NaN propagates, so that divergence is visible.
template <typename Value>
QMNIST_FORMULA Value activate(Activation activation, Value z) {
  switch (activation) {
    case Activation::kRelu:
      return relu(z);
    case Activation::kLeakyRelu:
      return select(z < to_value<Value>(0.0), to_value<Value>(kLeak) * z, z);
    case Activation::kGelu:
      return z * normal_cdf(z, gaussian(z));
    case Activation::kTanh:
      return hyperbolic_tangent(z);
  }
  return z;
}

/// Its derivative at z; at 0 that from below for relu and leaky_relu, as in Keras and PyTorch.
template <typename Value>
QMNIST_FORMULA Value activation_derivative(Activation activation, Value z) {
  const auto zero = to_value<Value>(0.0);
  const auto one = to_value<Value>(1.0);
  switch (activation) {
    case Activation::kRelu:
      return select(z <= zero, zero, one);
    case Activation::kLeakyRelu:
      return select(z <= zero, to_value<Value>(kLeak), one);
    case Activation::kGelu: {
      const Value e = gaussian(z);
      return mul_add(z, e * to_value<Value>(kNormalPeak), normal_cdf(z, e));
    }
    case Activation::kTanh: {
      const Value t = hyperbolic_tangent(z);
      return neg_mul_add(t, t, one);
    }
  }
  return one;
}
