#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>

namespace qmnist {

/// The tasks 0, 1, ... of all ranks, each handed out once, to the rank that asks next. Errors:
/// DeviceError.
class TaskQueue {
 public:
  /// Receives what a rank reports, on rank 0, from any thread; calls do not overlap.
  using OnReport = std::function<void(const std::string& report)>;

  TaskQueue() = default;
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;
  TaskQueue(TaskQueue&&) = delete;
  TaskQueue& operator=(TaskQueue&&) = delete;
  /// All ranks must call it; waits for the others.
  virtual ~TaskQueue() = default;

  /// From any thread.
  /// @param report of the tasks before, for rank 0; none if it is empty
  [[nodiscard]] virtual std::size_t next(const std::string& report) = 0;

  /// From now on, next() gives every rank a task that does not exist, kNoTask. From any thread.
  virtual void close() = 0;
  static constexpr std::size_t kNoTask = std::numeric_limits<std::size_t>::max();
};

/// That of a process that works by itself.
[[nodiscard]] std::unique_ptr<TaskQueue> make_own_task_queue(TaskQueue::OnReport on_report);

}  // namespace qmnist
