// Included as kernels/optimizer-inl.h is.

/// max(z, 0); NaN propagates, so that divergence is visible.
template <typename Value>
QMNIST_FORMULA Value relu(Value z) {
  return select(z <= zero_like(z), zero_like(z), z);
}
