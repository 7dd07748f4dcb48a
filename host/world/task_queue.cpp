#include "host/world/task_queue.h"

#include <mutex>
#include <utility>

namespace qmnist {
namespace {

class OwnTaskQueue final : public TaskQueue {
 public:
  explicit OwnTaskQueue(OnReport on_report) : on_report_(std::move(on_report)) {}

  [[nodiscard]] std::size_t next(const std::string& report) override {
    const std::lock_guard lock(mutex_);
    if (!report.empty()) {
      on_report_(report);
    }
    return is_closed_ ? kNoTask : next_++;
  }

  void close() override {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }

 private:
  OnReport on_report_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  bool is_closed_ = false;
};

}  // namespace

std::unique_ptr<TaskQueue> make_own_task_queue(TaskQueue::OnReport on_report) {
  return std::make_unique<OwnTaskQueue>(std::move(on_report));
}

}  // namespace qmnist
