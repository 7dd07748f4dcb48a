#include <thrust/iterator/transform_iterator.h>

#include <cub/device/device_reduce.cuh>

#include "host/engines/cuda/resources.h"
#include "host/engines/cuda/sum_losses.h"

namespace qmnist::cuda {
namespace {

struct Loss {
  __host__ __device__ double operator()(const Score& score) const {
    return static_cast<double>(score.loss);
  }
};

/// cub::DeviceReduce::Sum, which returns most errors but throws some.
template <typename Input>
cudaError_t sum(void* workspace, std::size_t& bytes, Input values, double* total, std::size_t count,
                cudaStream_t stream) {
  try {
    return cub::DeviceReduce::Sum(workspace, bytes, values, total, count, stream);
  } catch (const std::exception& error) {
    throw_device_error("cub::DeviceReduce::Sum", error);
  }
}

}  // namespace

double sum_losses(cudaStream_t stream, const Score* scores, std::size_t count) {
  // thrust::reduce would do all this by itself, but aborts where freeing its memory fails.
  const auto losses = thrust::make_transform_iterator(scores, Loss{});
  DeviceBuffer<double> total(1);
  std::size_t bytes = 0;
  QMNIST_CHECK(sum(nullptr, bytes, losses, total.data(), count, stream));
  DeviceBuffer<std::byte> workspace(bytes);
  QMNIST_CHECK(sum(workspace.data(), bytes, losses, total.data(), count, stream));
  double result = 0;
  QMNIST_CHECK(
      cudaMemcpyAsync(&result, total.data(), total.bytes(), cudaMemcpyDeviceToHost, stream));
  QMNIST_CHECK(cudaStreamSynchronize(stream));
  return result;
}

}  // namespace qmnist::cuda
