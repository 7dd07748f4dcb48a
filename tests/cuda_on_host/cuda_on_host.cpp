#include "tests/cuda_on_host/cuda_on_host.h"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// NOLINTBEGIN(readability-identifier-naming,modernize-avoid-c-arrays): the tools'
extern "C" {
// Bounds of all __shared__ variables, from the linker; null if there are none.
[[gnu::weak]] extern std::byte __start_qmnist_shared[];
[[gnu::weak]] extern std::byte __stop_qmnist_shared[];

// The address sanitizer must be told of every change of stacks; null without it.
[[gnu::weak]] void __sanitizer_start_switch_fiber(void**, const void*, std::size_t);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void*, const void**, std::size_t*);
}
// NOLINTEND(readability-identifier-naming,modernize-avoid-c-arrays)

namespace qmnist::cuda_on_host {
namespace {

namespace context = boost::context;
using Kernel = std::function<void()>;

std::vector<context::stack_context> stacks;  // kept, as new ones take longer than most kernels

struct KeepStack {
  static void deallocate(const context::stack_context& stack) { stacks.push_back(stack); }
};

std::size_t volume(dim3 shape) {
  return std::size_t{shape.x} * shape.y * shape.z;
}

uint3 unravel(std::size_t i, dim3 shape) {
  return {static_cast<unsigned>(i % shape.x), static_cast<unsigned>(i / shape.x % shape.y),
          static_cast<unsigned>(i / shape.x / shape.y)};
}

/// The other side of a change of stacks.
struct Side {
  context::fiber fiber;
  const void* stack = nullptr;
  std::size_t stack_size = 0;

  /// Goes on over there, until that side changes back.
  void change() {
    void* fake_stack = nullptr;
    before_change(&fake_stack);
    fiber = std::move(fiber).resume();
    after_change(fake_stack);
  }
  /// With null where this side ends.
  void before_change(void** fake_stack) const {
    if (__sanitizer_start_switch_fiber != nullptr) {
      __sanitizer_start_switch_fiber(fake_stack, stack, stack_size);
    }
  }
  /// With null where this side begins.
  void after_change(void* fake_stack) {
    if (__sanitizer_finish_switch_fiber != nullptr) {
      __sanitizer_finish_switch_fiber(fake_stack, &stack, &stack_size);
    }
  }
};

enum class State { kReady, kWaiting, kReturned };

/// One thread of a block, then of the next block.
struct Thread {  // NOLINT(cppcoreguidelines-special-member-functions): fibers cannot be copied
  Thread(std::size_t position, const Kernel& kernel)
      : index(unravel(position, blockDim)),
        warp(position / kWarpSize),
        lane(static_cast<unsigned>(position % kWarpSize)) {
    if (stacks.empty()) {  // one above a page that faults when touched
      stacks.push_back(context::protected_fixedsize_stack(1U << 17U).allocate());
    }
    const context::stack_context stack = stacks.back();
    stacks.pop_back();
    self.stack = static_cast<std::byte*>(stack.sp) - stack.size;
    self.stack_size = stack.size;
    const auto run = [this, &kernel](context::fiber&& resumed_by) {
      scheduler.fiber = std::move(resumed_by);
      scheduler.after_change(nullptr);
      try {
        while (!stopped) {
          kernel();
          pause(State::kReturned);
        }
      } catch (...) {
        error = std::current_exception();
      }
      scheduler.before_change(nullptr);
      return std::move(scheduler.fiber);
    };
    self.fiber = context::fiber(
        std::allocator_arg, context::preallocated(stack.sp, stack.size, stack), KeepStack{}, run);
  }

  /// Ends it where it stands, with the destructors of what is on its stack.
  ~Thread() {
    stopped = true;
    if (self.fiber) {
      self.change();
    }
  }

  /// Lets it run the kernel until it waits or returns. Throws what the kernel threw.
  void resume() {
    current = this;
    threadIdx = index;
    cuda_on_host::lane = lane;
    self.change();
    if (error) {
      std::rethrow_exception(error);
    }
  }

  /// Goes back to who resumed it. Called from its own fiber.
  void pause(State why) {
    state = why;
    scheduler.change();
    if (stopped) {
      throw std::runtime_error("stopped");
    }
  }

  uint3 index;
  std::size_t warp;
  unsigned lane;
  Side self;
  Side scheduler;
  State state = State::kReady;
  bool stopped = false;
  std::exception_ptr error;
  Place place{};            ///< where it waits
  std::uint64_t value = 0;  ///< what it brings to those it waits for
  unsigned source = 0;      ///< lane whose value it wants
  Outcome outcome{};        ///< what it takes away

  static inline Thread* current = nullptr;  ///< whose turn it is
};

using Threads = std::vector<std::unique_ptr<Thread>>;

std::string text(uint3 i) {
  return '(' + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) + ')';
}

[[noreturn]] void fail(const Thread& thread, const std::string& what) {
  throw std::logic_error("grid " + text(gridDim) + " of blocks " + text(blockDim) + ", block " +
                         text(blockIdx) + ", thread " + text(thread.index) + ": " +
                         std::string(thread.place.operation) + " in line " +
                         std::to_string(thread.place.line) + ' ' + what);
}

/// Lets go on all whom the thread waits for, itself included. @return false if some are elsewhere
bool try_release(const Threads& threads, const Thread& thread) {
  const Place place = thread.place;
  std::vector<Thread*> group;
  std::array<std::uint64_t, kWarpSize> values{};
  Outcome outcome{};
  for (const auto& other : threads) {
    const bool named =
        !place.lanes || (other->warp == thread.warp && (*place.lanes >> other->lane & 1U) != 0);
    if (named && other->state != State::kReturned) {
      if (other->state != State::kWaiting || other->place != place) {
        return false;
      }
      group.push_back(other.get());
      values[other->lane] = other->value;
      if (other->value != 0) {
        outcome.ballot |= 1U << other->lane;
        ++outcome.yes;
      }
    }
  }
  if (place.lanes && group.size() != static_cast<std::size_t>(std::popcount(*place.lanes))) {
    fail(thread, "has lanes in its mask that do not run");
  }
  for (Thread* other : group) {
    outcome.value = values[other->source];
    other->outcome = outcome;
    other->state = State::kReady;
  }
  return true;
}

/// Lets some warp run until each of its threads waits or has returned, so that warps drift apart as
/// they may; then lets go on who have met. @return whether there was any to run
bool advance(Threads& threads, std::mt19937_64& random) {
  std::ranges::shuffle(threads, random);
  const auto ready = std::ranges::find(threads, State::kReady, &Thread::state);
  if (ready == threads.end()) {
    const auto waiting = std::ranges::find(threads, State::kWaiting, &Thread::state);
    if (waiting != threads.end() && !try_release(threads, **waiting)) {
      fail(**waiting, "waits for threads that wait elsewhere");
    }
    return waiting != threads.end();
  }
  const std::size_t warp = (*ready)->warp;
  for (const auto& thread : threads) {
    if (thread->warp == warp && thread->state == State::kReady) {
      thread->resume();
    }
  }
  for (const auto& thread : threads) {
    if (thread->warp == warp && thread->state == State::kWaiting && thread->place.lanes) {
      try_release(threads, *thread);
    }
  }
  return true;
}

}  // namespace

Outcome meet(const Place& place, std::uint64_t value, unsigned source) {
  Thread& self = *Thread::current;
  self.place = place;
  self.value = value;
  self.source = source;
  const unsigned lanes = place.lanes.value_or(0xFFFFFFFFU);
  if ((lanes >> lane & lanes >> source & 1U) == 0) {
    fail(self, "leaves its own lane or its source's out of its mask");
  }
  self.pause(State::kWaiting);
  return self.outcome;
}

cudaError_t run_grid(dim3 blocks, dim3 threads, const Kernel& kernel) {
  // Every device's limits; no dimension of a block that small can pass its own but z.
  if (volume(blocks) == 0 || blocks.x > 0x7FFFFFFFU || blocks.y > 65535 || blocks.z > 65535 ||
      volume(threads) == 0 || volume(threads) > 1024 || threads.z > 64) {
    return cudaErrorInvalidConfiguration;
  }
  gridDim = blocks;
  blockDim = threads;
  std::mt19937_64 random(seed);
  std::vector<std::size_t> order(volume(blocks));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::shuffle(order, random);
  Threads block;
  for (std::size_t i = 0; i < volume(threads); ++i) {
    block.push_back(std::make_unique<Thread>(i, kernel));
  }
  for (const std::size_t position : order) {
    blockIdx = unravel(position, gridDim);
    std::fill(__start_qmnist_shared, __stop_qmnist_shared, std::byte{0xFF});
    for (const auto& thread : block) {
      thread->state = State::kReady;
    }
    while (advance(block, random)) {
    }
  }
  return cudaSuccess;
}

}  // namespace qmnist::cuda_on_host
