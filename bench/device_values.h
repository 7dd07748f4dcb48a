#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "host/engines/cuda/resources.h"

namespace qmnist::cuda {

/// Operands on the device, which the closures of several benchmarks share.
template <typename T>
using Operand = std::shared_ptr<DeviceBuffer<T>>;

template <typename T>
[[nodiscard]] Operand<T> copy_to_device(std::span<const T> values) {
  auto copy = std::make_shared<DeviceBuffer<T>>(values.size());
  QMNIST_CHECK(cudaMemcpy(copy->data(), values.data(), copy->bytes(), cudaMemcpyHostToDevice));
  QMNIST_CHECK(cudaDeviceSynchronize());  // other streams do not wait for it
  return copy;
}

template <typename T>
[[nodiscard]] Operand<T> zeros(std::size_t count) {
  return copy_to_device(std::span<const T>(std::vector<T>(count)));
}

/// Uniformly distributed in [low, high), the same in each run. Zeros would take less power, so that
/// the clock would be higher than in training.
[[nodiscard]] inline Operand<float> random_floats(std::size_t count, float low, float high) {
  std::minstd_rand generator;
  std::uniform_real_distribution<float> draw(low, high);
  std::vector<float> values(count);
  for (float& value : values) {
    value = draw(generator);
  }
  return copy_to_device(std::span<const float>(values));
}

/// Uniformly distributed in 0 ... most, the same in each run.
[[nodiscard]] inline Operand<std::uint8_t> random_bytes(std::size_t count, std::uint8_t most) {
  std::minstd_rand generator;
  std::uniform_int_distribution<unsigned> draw(0, most);
  std::vector<std::uint8_t> values(count);
  for (std::uint8_t& value : values) {
    value = static_cast<std::uint8_t>(draw(generator));
  }
  return copy_to_device(std::span<const std::uint8_t>(values));
}

/// Grey levels.
[[nodiscard]] inline Operand<std::uint8_t> random_pixels(std::size_t count) {
  return random_bytes(count, std::numeric_limits<std::uint8_t>::max());
}

}  // namespace qmnist::cuda
