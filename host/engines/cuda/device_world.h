#pragma once

#include <cstddef>
#include <span>

namespace qmnist::cuda {

/// The ranks of a World, each with a GPU of its own. As there, data are only moved, and all ranks
/// make the same calls in the same order; here they are in device memory, and calls enqueue their
/// work in the stream that this was made with, also into a graph that is captured there. Errors:
/// DeviceError.
class DeviceWorld {
 public:
  DeviceWorld() = default;
  DeviceWorld(const DeviceWorld&) = delete;
  DeviceWorld& operator=(const DeviceWorld&) = delete;
  DeviceWorld(DeviceWorld&&) = delete;
  DeviceWorld& operator=(DeviceWorld&&) = delete;
  virtual ~DeviceWorld() = default;

  [[nodiscard]] virtual std::size_t rank() const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;

  /// Sends to each rank its part of `sent`, and receives a part from each.
  /// @param sent, received [size()][bytes], in the order of the ranks
  virtual void all_to_all(const void* sent, void* received, std::size_t bytes) = 0;

  /// Gives all ranks the parts of all.
  /// @param parts in the order of the ranks; this rank's is there
  /// @param bytes [size()], of the parts
  virtual void all_gather(void* parts, std::span<const std::size_t> bytes) = 0;

  /// Ends what waits for other ranks, so that the stream can be waited for. Only the destructor can
  /// be called then.
  virtual void abort() noexcept = 0;
};

}  // namespace qmnist::cuda
