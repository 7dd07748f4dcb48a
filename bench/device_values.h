#pragma once

#include <thrust/device_ptr.h>
#include <thrust/random.h>
#include <thrust/tabulate.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

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
  auto values = std::make_shared<DeviceBuffer<T>>(count);
  QMNIST_CHECK(cudaMemset(values->data(), 0, values->bytes()));
  QMNIST_CHECK(cudaDeviceSynchronize());
  return values;
}

/// The i-th of a sequence of uniformly distributed values in [low, high).
struct UniformDraw {
  float low;
  float high;
  __device__ float operator()(std::size_t i) const {
    thrust::minstd_rand generator;
    generator.discard(i);
    return thrust::uniform_real_distribution<float>(low, high)(generator);
  }
};

/// Random values, the same in each run. Zeros would take less power, so that the clock would be
/// higher than in training.
template <typename T>
[[nodiscard]] Operand<T> random_values(std::size_t count, float low, float high) {
  auto values = std::make_shared<DeviceBuffer<T>>(count);
  const auto first = thrust::device_pointer_cast(values->data());
  thrust::tabulate(first, first + static_cast<std::ptrdiff_t>(count), UniformDraw{low, high});
  QMNIST_CHECK(cudaDeviceSynchronize());
  return values;
}

[[nodiscard]] inline Operand<float> random_floats(std::size_t count, float low, float high) {
  return random_values<float>(count, low, high);
}

/// Uniformly distributed in 0 ... most.
[[nodiscard]] inline Operand<std::uint8_t> random_bytes(std::size_t count, std::uint8_t most) {
  return random_values<std::uint8_t>(count, 0, static_cast<float>(most) + 1);
}

/// Grey levels.
[[nodiscard]] inline Operand<std::uint8_t> random_pixels(std::size_t count) {
  return random_bytes(count, std::numeric_limits<std::uint8_t>::max());
}

}  // namespace qmnist::cuda
