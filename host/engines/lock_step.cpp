#include "host/engines/lock_step.h"

#include <algorithm>

namespace qmnist {

void LockStep::meet(std::size_t member, const std::function<void()>& work) {
  std::unique_lock lock(mutex_);
  states_[member] = State::kThere;
  changed_.notify_all();
  for (const std::size_t round = rounds_; round == rounds_ && failure_ == nullptr;) {
    if (are_all_there()) {
      do_work(work);
    } else {
      changed_.wait(lock);
    }
  }
  if (failure_ != nullptr) {
    std::rethrow_exception(failure_);
  }
}

void LockStep::leave(std::size_t member) {
  const std::lock_guard lock(mutex_);
  states_[member] = State::kLeft;
  changed_.notify_all();
}

void LockStep::join(std::size_t member) {
  const std::lock_guard lock(mutex_);
  states_[member] = State::kAway;
}

bool LockStep::are_all_there() const {
  return std::ranges::find(states_, State::kAway) == states_.end();
}

void LockStep::do_work(const std::function<void()>& work) {
  try {
    work();
  } catch (...) {
    failure_ = std::current_exception();
  }
  std::ranges::replace(states_, State::kThere, State::kAway);
  ++rounds_;
  changed_.notify_all();
}

}  // namespace qmnist
