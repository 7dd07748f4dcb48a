#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/world/task_queue.h"

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

  /// @param on_report is called on rank 0 only
  [[nodiscard]] virtual std::unique_ptr<TaskQueue> make_task_queue(
      TaskQueue::OnReport on_report) = 0;

  /// Ends the processes of all ranks at once, with that exit status; returns where there are no
  /// others.
  virtual void abort(int status) noexcept = 0;

  /// Whether this is so on any rank.
  [[nodiscard]] bool any(bool here);
};

/// all_gather() of a sequence of which each rank has a part.
/// @param part_of the part of a rank, with its `begin` and `end`; the parts lie in the ranks' order
template <typename Value, typename PartOf>
void gather_parts(World& world, std::span<Value> values, const PartOf& part_of) {
  std::vector<std::size_t> bytes;
  for (std::size_t rank = 0; rank < world.size(); ++rank) {
    const auto part = part_of(rank);
    bytes.push_back((part.end - part.begin) * sizeof(Value));
  }
  world.all_gather(std::as_writable_bytes(values), bytes);
}

/// The value that each rank has, in their order.
template <typename Value>
[[nodiscard]] std::vector<Value> gather_values(World& world, Value here) {
  std::vector<Value> values(world.size());
  values[world.rank()] = here;
  const std::vector<std::size_t> bytes(world.size(), sizeof(Value));
  world.all_gather(std::as_writable_bytes(std::span(values)), bytes);
  return values;
}

/// The text that rank 0 has.
[[nodiscard]] std::string broadcast(World& world, std::string text);

/// The world of a process that trains by itself.
[[nodiscard]] World& alone();

}  // namespace qmnist
