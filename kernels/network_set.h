#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/launch.h"

namespace qmnist {

/// The networks that a launch works for: the third dimension of its grid. Each has a block of
/// memory; all blocks are laid out alike. Pointers that a launch takes are into block 0, and what
/// belongs to the network in block b lies b * stride bytes behind.
///
/// A kernel takes it as `const __grid_constant__`: else each thread would first copy all of it to
/// memory of its own, as the place of its entry is not known before.
struct NetworkSet {
  static constexpr unsigned kMaxNetworks = 64;  ///< so that it is a kernel's argument

  std::size_t stride = 0;  ///< in bytes
  unsigned count = 1;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  std::uint8_t blocks[kMaxNetworks] = {};  ///< that of each network

  friend bool operator==(const NetworkSet&, const NetworkSet&) = default;
};

#ifdef QMNIST_KERNELS

/// Finds what belongs to the network that a block of threads works for.
class OfNetwork {
 public:
  __device__ explicit OfNetwork(const NetworkSet& networks)
      : networks_(networks), offset_(block() * networks.stride) {}

  /// @param in_block_0 nullptr stays nullptr
  template <typename T>
  __device__ T* operator()(T* in_block_0) const {
    if (in_block_0 == nullptr) {
      return nullptr;
    }
    using Byte = std::conditional_t<std::is_const_v<T>, const char, char>;
    return reinterpret_cast<T*>(reinterpret_cast<Byte*>(in_block_0) + offset_);
  }

  /// How many floats a network's own arrays are behind those of block 0.
  [[nodiscard]] __device__ std::size_t floats() const { return offset_ / sizeof(float); }
  [[nodiscard]] __device__ std::size_t block() const { return networks_.blocks[blockIdx.z]; }

 private:
  const NetworkSet& networks_;
  std::size_t offset_;
};

#endif

}  // namespace qmnist
