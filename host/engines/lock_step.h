#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <vector>

namespace qmnist {

/// Threads that meet again and again, each time to have some work done once for all of them.
class LockStep {
 public:
  /// All members are in.
  explicit LockStep(std::size_t members) : states_(members, State::kAway) {}

  /// Waits until every member that is in has come, or left; one of them then does the work, and all
  /// return. The member must be in.
  /// @throws what the work threw, in every member that was there, and in all that come later
  void meet(std::size_t member, const std::function<void()>& work);

  /// From now on, the others do not wait for this member.
  void leave(std::size_t member);
  /// They do again, if it had left.
  void join(std::size_t member);

  /// Keeps work from being done while it is held.
  [[nodiscard]] std::unique_lock<std::mutex> alone() { return std::unique_lock(mutex_); }

  /// How often work was done. Does not change while a member that is in is away.
  [[nodiscard]] std::size_t rounds() const { return rounds_; }

 private:
  enum class State { kAway, kThere, kLeft };

  [[nodiscard]] bool are_all_there() const;
  void do_work(const std::function<void()>& work);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<State> states_;
  std::size_t rounds_ = 0;
  std::exception_ptr failure_;
};

}  // namespace qmnist
