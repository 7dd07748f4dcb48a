#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace qmnist::cpu {

/// Threads that share short pieces of work, of microseconds: they wait for one another by spinning,
/// as waking a thread takes longer than the work; idle for a while, they sleep.
///
/// Spinning fails where another program takes a core away: then all wait for the one that is not
/// running, for milliseconds. The pool notices, and the caller goes on alone for a while.
///
/// In its work denormal numbers are zeros (FlushDenormals). One caller at a time.
class ThreadPool {
 public:
  /// Starts threads - 1 threads; the caller of run() is the other one.
  /// @throws UsageError where the system refuses one of them
  explicit ThreadPool(std::size_t threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ThreadPool(ThreadPool&&) = delete;
  ThreadPool& operator=(ThreadPool&&) = delete;
  ~ThreadPool();

  [[nodiscard]] std::size_t size() const { return workers_.size() + 1; }

  /// Calls work(thread, num_threads) for each thread number from 0 to num_threads - 1 and
  /// returns when all have ended; what they wrote can be read then. num_threads is size(), or 1
  /// while a core is missing. Throws what `work` threw first, if it did.
  template <typename Work>
  void run(const Work& work) {
    run_job({&work, [](const void* object, std::size_t thread, std::size_t num_threads) {
               (*static_cast<const Work*>(object))(thread, num_threads);
             }});
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Job {
    const void* work = nullptr;
    void (*call)(const void* work, std::size_t thread, std::size_t num_threads) = nullptr;
  };

  void run_job(const Job& job);
  void work(std::size_t thread);
  /// Calls the job with a thread's number and keeps what it throws.
  void call(const Job& job, std::size_t thread, std::size_t num_threads) noexcept;
  void rethrow_failure();
  /// Ends the threads.
  void stop();
  /// Takes note of how long the others kept the caller waiting, whose own share took
  /// `worked`.
  void record_wait(Clock::time_point now, Clock::duration worked, Clock::duration waited);

  // Each on a cache line of its own, as each is written by one side while the other spins on it.
  alignas(64) std::atomic<std::uint32_t> started_ = 0;  ///< jobs
  alignas(64) std::atomic<std::uint32_t> running_ = 0;  ///< workers in the job
  alignas(64) Job job_;                                 ///< read after started_
  bool stop_ = false;                                   ///< read after started_
  Clock::duration pause_;
  Clock::time_point alone_until_;
  std::mutex failing_;
  std::exception_ptr failure_;  ///< the first of a job
  std::vector<std::thread> workers_;
};

}  // namespace qmnist::cpu
