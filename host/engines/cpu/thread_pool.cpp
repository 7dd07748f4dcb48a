#include "host/engines/cpu/thread_pool.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "host/engines/cpu/flush_denormals.h"
#include "host/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace qmnist::cpu {
namespace {

using namespace std::chrono_literals;

constexpr auto kSpin = 200us;      ///< before a worker sleeps or the caller gives way
constexpr auto kLate = 300us;      ///< more than a part's own time: its core is not there
constexpr auto kFirstPause = 2ms;  ///< alone after being late once; doubles if it goes on
constexpr auto kMaxPause = 128ms;

void spin_pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Spins until the value differs from `old`; false if that takes too long.
bool spin_while_equal(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < 64; ++i) {
      if (value.load(std::memory_order_acquire) != old) {
        return true;
      }
      spin_pause();
    }
  } while (std::chrono::steady_clock::now() - start < kSpin);
  return false;
}

}  // namespace

ThreadPool::ThreadPool(std::size_t threads) : pause_(kFirstPause) {
  workers_.reserve(threads - 1);
  try {
    for (std::size_t thread = 1; thread < threads; ++thread) {
      workers_.emplace_back([this, thread] { work(thread); });
    }
  } catch (const std::system_error& error) {
    const std::size_t started = size();
    stop();
    throw UsageError(
        "only {} of {} CPU threads can be started: {}; set training.threads to at most {}, or "
        "raise the limit of processes (ulimit -u) or of memory",
        started, threads, error.code().message(), started);
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  stop_ = true;
  started_.fetch_add(1, std::memory_order_release);
  started_.notify_all();
  for (std::thread& worker : workers_) {
    worker.join();
  }
}

void ThreadPool::work(std::size_t thread) {
  const FlushDenormals flush;
  std::uint32_t seen = 0;
  while (true) {
    if (!spin_while_equal(started_, seen)) {
      started_.wait(seen, std::memory_order_acquire);
    }
    ++seen;
    if (stop_) {
      return;
    }
    call(job_, thread, size());
    running_.fetch_sub(1, std::memory_order_release);
  }
}

void ThreadPool::call(const Job& job, std::size_t thread, std::size_t num_threads) noexcept {
  try {
    job.call(job.work, thread, num_threads);
  } catch (...) {
    const std::lock_guard lock(failing_);
    if (failure_ == nullptr) {
      failure_ = std::current_exception();
    }
  }
}

void ThreadPool::rethrow_failure() {
  if (failure_ != nullptr) {
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
}

void ThreadPool::run_job(const Job& job) {
  const FlushDenormals flush;
  if (workers_.empty() || Clock::now() < alone_until_) {
    job.call(job.work, 0, 1);
    return;
  }
  job_ = job;
  running_.store(static_cast<std::uint32_t>(workers_.size()), std::memory_order_relaxed);
  started_.fetch_add(1, std::memory_order_release);
  started_.notify_all();

  const auto start = Clock::now();
  call(job, 0, size());
  const auto end = Clock::now();
  for (std::uint32_t left = running_.load(std::memory_order_acquire); left != 0;
       left = running_.load(std::memory_order_acquire)) {
    if (!spin_while_equal(running_, left)) {
      std::this_thread::yield();
    }
  }
  const auto now = Clock::now();
  record_wait(now, end - start, now - end);
  rethrow_failure();
}

void ThreadPool::record_wait(Clock::time_point now, Clock::duration worked,
                             Clock::duration waited) {
  if (waited > worked + kLate) {
    alone_until_ = now + pause_;
    pause_ = std::min<Clock::duration>(2 * pause_, kMaxPause);
  } else if (now > alone_until_ + kFirstPause) {  // on time for a while
    pause_ = kFirstPause;
  }
}

}  // namespace qmnist::cpu
