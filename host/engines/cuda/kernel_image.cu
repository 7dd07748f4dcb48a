#include <array>

#include "host/engines/cuda/kernel_image.h"

namespace qmnist::cuda {
namespace {

__global__ void empty_kernel() {}

constexpr std::array kArchitectures{__CUDA_ARCH_LIST__};  // nvcc's: 900 for 9.0

constexpr auto kCapabilities = [] {
  auto capabilities = kArchitectures;
  for (int& capability : capabilities) {
    capability /= 10;
  }
  return capabilities;
}();

}  // namespace

cudaError_t find_kernel_image() {
  cudaFuncAttributes attributes{};
  return cudaFuncGetAttributes(&attributes, empty_kernel);
}

std::span<const int> built_capabilities() {
  return kCapabilities;
}

}  // namespace qmnist::cuda
