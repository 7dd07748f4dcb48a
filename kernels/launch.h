#pragma once

// Everything that a kernel's file needs. Kernels are compiled where QMNIST_KERNELS is
// set: by nvcc, or by a host compiler that has included tests/cuda_on_host before, which brings
// CUDA's words (threadIdx, __syncthreads, ...) and the same launch(). Elsewhere only the formulas
// remain. Kernels are `static`, as a header may be compiled into several objects. A kernel with
// shared memory is not a template, as the host launcher has to find that memory.
#ifdef __CUDACC__
#define QMNIST_KERNELS
#include <cuda_runtime.h>
#endif

#ifdef QMNIST_KERNELS

#include <cstddef>

namespace qmnist {

/// Threads of a warp, on every CUDA device.
inline constexpr unsigned kWarp = 32;
inline constexpr unsigned kAllLanes = 0xFFFFFFFFU;

/// A block of threads for kernels that handle one item, or a few, per thread.
inline constexpr unsigned kThreadsPerBlock = 256;

/// How many blocks cover `items` where each covers `each`.
inline unsigned blocks_for(std::size_t items, std::size_t each) {
  return static_cast<unsigned>((items + each - 1) / each);
}

#ifdef __CUDACC__
/// Enqueues a kernel on `stream` and returns at once.
/// @return the launch's own error; what goes wrong while it runs comes from a later call.
template <typename... Parameters, typename... Arguments>
[[nodiscard]] cudaError_t launch(void (*kernel)(Parameters...), dim3 blocks, dim3 threads,
                                 cudaStream_t stream, Arguments... arguments) {
  cudaLaunchConfig_t shape{};
  shape.gridDim = blocks;
  shape.blockDim = threads;
  shape.stream = stream;
  return cudaLaunchKernelEx(&shape, kernel, static_cast<Parameters>(arguments)...);
}
#endif

}  // namespace qmnist

#endif
