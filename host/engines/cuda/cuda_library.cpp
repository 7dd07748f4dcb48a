#include "host/engines/cuda/cuda_library.h"

#include <algorithm>
#include <stdexcept>

#include "host/engines/cuda/cuda_engine.h"
#include "host/engines/cuda/rank_devices.h"

namespace qmnist::cuda {
namespace {

std::vector<std::unique_ptr<Engine>> make_group(std::vector<EngineSettings> settings) {
  const auto differs = [&](const EngineSettings& other) {
    return !have_one_shape(settings.front(), other);
  };
  if (std::ranges::any_of(settings, differs)) {
    throw std::logic_error("a group of networks of several shapes");
  }
  if (settings.size() > 1 && settings.front().kernels != Kernels::kFixedOrder) {
    throw std::logic_error("a group of networks with kernels for one");
  }
  const auto group = std::make_shared<CudaGroup>(settings.front(), settings.size());
  std::vector<std::unique_ptr<Engine>> engines;
  for (EngineSettings& of_network : settings) {
    const std::size_t network = engines.size();
    engines.push_back(std::make_unique<CudaEngine>(std::move(of_network), group, network));
  }
  return engines;
}

std::size_t device_bytes(const EngineSettings& shape) {
  return shape.kernels == Kernels::kFixedOrder ? CudaGroup::bytes_per_network(shape) : 0;
}

static_assert(kMaxGroup <= NetworkSet::kMaxNetworks);

/// As many as fit into half of the free memory: images need some, and other engines may.
std::size_t networks_at_once(const EngineSettings& shape) {
  const std::size_t bytes = device_bytes(shape);
  if (bytes == 0) {
    return 1;
  }
  std::size_t free = 0;
  std::size_t total = 0;
  QMNIST_CHECK(cudaMemGetInfo(&free, &total));
  return std::clamp<std::size_t>(free / 2 / bytes, 1, kMaxGroup);
}

}  // namespace
}  // namespace qmnist::cuda

const qmnist::cuda::CudaLibrary qmnist_cuda_library{
    .make_group = qmnist::cuda::make_group,
    .device_bytes = qmnist::cuda::device_bytes,
    .networks_at_once = qmnist::cuda::networks_at_once,
    .devices = qmnist::cuda::describe_cuda_devices,
    .device_of_rank = qmnist::cuda::device_of_rank,
    .obstacle_to_ranks = qmnist::cuda::obstacle_to_ranks,
};
