#pragma once

// Kernels without a GPU: CUDA's words for a host compiler, and a launch() that runs the grid on the
// CPU. Included before a kernel's header, this makes the header define its kernels.
//
// It is for tests, not for speed. Threads of a block are fibers, run one at a time from barrier to
// barrier. A seed shuffles the order of blocks, of warps and of the threads in them. Where CUDA
// leaves undefined what happens, it says what went wrong:
//
// - All who meet at a barrier or a warp operation must come from the same line. A barrier does not
//   wait for threads that have returned, as on devices since Volta.
// - A warp operation's mask must name the thread's own lane and the one it reads, and may not name
//   lanes that have returned or never were.
// - Shared memory is full of ones before each block: NaNs, if floating-point.
//
// Accesses out of bounds are the address sanitizer's matter, wrong indices into shared memory the
// undefined behaviour sanitizer's. One launch at a time.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

// NOLINTBEGIN(readability-identifier-naming): the names are CUDA's

#define QMNIST_KERNELS
#define __global__
#define __device__
#define __host__
#define __launch_bounds__(threads)
#define __grid_constant__
// In a section, so that all of it can be filled; `used`, as compilers do not see that it is.
#define __shared__ static __attribute__((section("qmnist_shared"), used))

struct dim3 {
  constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
  unsigned x, y, z;
};
using uint3 = dim3;
struct alignas(4) uchar4 {
  unsigned char x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) {
  return {x, y, z, w};
}

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidConfiguration = 9 };
using cudaStream_t = struct CUstream_st*;  // there is only nullptr: a launch ends when it returns

/// Whose turn it is.
inline uint3 threadIdx;
inline uint3 blockIdx;
inline dim3 blockDim;
inline dim3 gridDim;

namespace qmnist::cuda_on_host {

inline constexpr unsigned kWarpSize = 32;
inline unsigned lane = 0;       ///< of the thread whose turn it is
inline std::uint64_t seed = 0;  ///< of the next launches' order; the same gives the same again

/// Runs the kernel once for each thread of the grid. Throws what it throws, and std::logic_error if
/// threads wait for others that do not come.
[[nodiscard]] cudaError_t run_grid(dim3 blocks, dim3 threads, const std::function<void()>& kernel);

/// Where a thread waits, and for whom.
struct Place {
  std::string_view operation;
  int line;
  std::optional<unsigned> lanes;  ///< of its warp, who must come; nothing: the whole block
  bool operator==(const Place&) const = default;
};

struct Outcome {
  std::uint64_t value;  ///< that lane `source` brought
  unsigned ballot;      ///< lanes that brought another value than 0
  int yes;              ///< number of threads that did
};

/// Waits until all have come to the place.
Outcome meet(const Place& place, std::uint64_t value, unsigned source = lane);

/// The value of lane `source`; its own if that is beyond its `width` lanes.
template <typename T>
T shuffle(const Place& place, T value, unsigned source, unsigned width) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = meet(place, bits, source < lane / width * width + width ? source : lane).value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace qmnist::cuda_on_host

// `line` is the caller's, as it is there that a default argument is evaluated.

inline void __syncthreads(int line = __builtin_LINE()) {
  qmnist::cuda_on_host::meet({"__syncthreads", line, {}}, 0);
}
inline int __syncthreads_count(int yes, int line = __builtin_LINE()) {
  return qmnist::cuda_on_host::meet({"__syncthreads_count", line, {}}, yes != 0 ? 1 : 0).yes;
}
inline unsigned __ballot_sync(unsigned mask, int yes, int line = __builtin_LINE()) {
  return qmnist::cuda_on_host::meet({"__ballot_sync", line, mask}, yes != 0 ? 1 : 0).ballot;
}

template <typename T>
T __shfl_sync(unsigned mask, T value, int from, unsigned width = 32, int line = __builtin_LINE()) {
  const unsigned first = qmnist::cuda_on_host::lane / width * width;
  const unsigned source = first + static_cast<unsigned>(from) % width;
  return qmnist::cuda_on_host::shuffle({"__shfl_sync", line, mask}, value, source, width);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned offset, unsigned width = 32,
                   int line = __builtin_LINE()) {
  const unsigned source = qmnist::cuda_on_host::lane + offset;
  return qmnist::cuda_on_host::shuffle({"__shfl_down_sync", line, mask}, value, source, width);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int bits, unsigned width = 32,
                  int line = __builtin_LINE()) {
  const unsigned source = qmnist::cuda_on_host::lane ^ static_cast<unsigned>(bits);
  return qmnist::cuda_on_host::shuffle({"__shfl_xor_sync", line, mask}, value, source, width);
}

inline int __popc(unsigned bits) {
  return std::popcount(bits);
}
/// Place of the lowest one, from 1 on; 0 if there is none.
inline int __ffs(int bits) {
  return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1;
}

/// No more than an addition, as threads take turns only where they meet.
template <typename T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  static_assert(std::is_same_v<T, unsigned> || std::is_same_v<T, unsigned long long>);
  return std::exchange(*address, *address + value);
}

// NOLINTEND(readability-identifier-naming)

namespace qmnist {

/// As kernels/launch.h has it for nvcc, but the grid has run when it returns.
template <typename... Parameters, typename... Arguments>
[[nodiscard]] cudaError_t launch(void (*kernel)(Parameters...), dim3 blocks, dim3 threads,
                                 cudaStream_t /*stream*/, Arguments... arguments) {
  return cuda_on_host::run_grid(blocks, threads,
                                [&] { kernel(static_cast<Parameters>(arguments)...); });
}

}  // namespace qmnist
