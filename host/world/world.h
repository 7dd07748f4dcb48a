#pragma once

#include <cstddef>
#include <span>

namespace qmnist {

/// The processes that train one network together; each is a rank, numbered from 0. Only data are
/// moved: nothing here adds, so that no result depends on how a library would add.
///
/// All ranks make the same calls in the same order. A call returns when its result is there, and
/// uses its arguments no longer. Errors: DeviceError, after which only abort() can be called.
class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  World(World&&) = delete;
  World& operator=(World&&) = delete;
  virtual ~World() = default;

  [[nodiscard]] virtual std::size_t rank() const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;

  /// Sends to each rank its part of `sent`, and receives a part from each.
  /// @param sent_bytes, received_bytes [size()], of the parts, which lie in the order of the ranks
  virtual void all_to_all(std::span<const std::byte> sent, std::span<const std::size_t> sent_bytes,
                          std::span<std::byte> received,
                          std::span<const std::size_t> received_bytes) = 0;

  /// Gives all ranks the parts of all.
  /// @param parts in the order of the ranks; this rank's is there
  /// @param bytes [size()], of the parts
  virtual void all_gather(std::span<std::byte> parts, std::span<const std::size_t> bytes) = 0;

  /// Gives all ranks what rank 0 has.
  virtual void broadcast(std::span<std::byte> bytes) = 0;

  /// Ends the processes of all ranks at once, with that exit status; returns where there are no
  /// others.
  virtual void abort(int status) noexcept = 0;

  /// Whether this is so on any rank.
  [[nodiscard]] bool any(bool here);
};

/// The world of a process that trains by itself.
[[nodiscard]] World& alone();

}  // namespace qmnist
