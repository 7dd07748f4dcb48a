#pragma once

#include <cstddef>
#include <optional>

#include "host/engines/cuda/chunk.h"
#include "host/engines/cuda/resources.h"
#include "kernels/network_set.h"

namespace qmnist::cuda {

/// Device memory of networks that take part in the same launches: a block each, all laid out alike,
/// as NetworkSet says. First everybody reserves arrays (BlockArray), then allocate() is called.
class NetworkBlocks {
 public:
  /// Reserves as many bytes of each block. @return their place in a block
  std::size_t reserve(std::size_t bytes) {
    const std::size_t place = bytes_;
    bytes_ += aligned(bytes);
    return place;
  }

  /// @throws DeviceError
  void allocate(std::size_t networks) { memory_.emplace(networks * bytes_); }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }  ///< of a block
  [[nodiscard]] std::byte* block(std::size_t network) {
    return memory_.value().data() + network * bytes_;
  }

  /// Of one network, which is not part of the launches of the others.
  [[nodiscard]] NetworkSet only(std::size_t network) const {
    return {.stride = bytes_, .count = 1, .blocks = {static_cast<std::uint8_t>(network)}};
  }

 private:
  std::size_t bytes_ = 0;
  std::optional<DeviceBuffer<std::byte>> memory_;
};

/// An array that each network has in its block.
template <typename T>
class BlockArray {
 public:
  /// @param blocks must outlive this
  BlockArray(NetworkBlocks& blocks, std::size_t count)
      : blocks_(&blocks), place_(blocks.reserve(count * sizeof(T))), size_(count) {}

  /// That of a network; of network 0 where it goes to a launch with a NetworkSet.
  [[nodiscard]] T* data(std::size_t network = 0) const {
    return reinterpret_cast<T*>(blocks_->block(network) + place_);
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  NetworkBlocks* blocks_;
  std::size_t place_;
  std::size_t size_;
};

}  // namespace qmnist::cuda
