#pragma once

// Lets one test source run kernels on two launchers: compiled by nvcc, on a device; otherwise on
// the CPU, with tests/cuda_on_host. To be included before the kernel's header.

#ifdef __CUDACC__
#include "host/engines/cuda/resources.h"
#else
#include "tests/cuda_on_host/cuda_on_host.h"
#endif

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <ostream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace qmnist::test {

/// A way to run a kernel.
struct Way {
  const char* name;
  std::uint64_t seed = 0;  ///< of the host launcher
  bool captured = false;   ///< in a device's graph instead of a launch by itself
};

inline void PrintTo(const Way& way, std::ostream* stream) {  // NOLINT: GoogleTest's name
  *stream << way.name;
}

inline std::string name_of(const testing::TestParamInfo<Way>& way) {
  return way.param.name;
}

#ifdef __CUDACC__

inline auto ways() {
  return testing::Values(Way{"device"}, Way{"device_graph", 0, true});
}

struct Memory {
  static void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    QMNIST_CHECK(cudaMalloc(&memory, bytes));
    return memory;
  }
  static void copy(void* to, const void* from, std::size_t bytes) {
    QMNIST_CHECK(cudaMemcpy(to, from, bytes, cudaMemcpyDefault));
    QMNIST_CHECK(cudaDeviceSynchronize());  // the kernels' stream does not wait for it
  }
  void operator()(void* memory) const { EXPECT_EQ(cudaFree(memory), cudaSuccess); }
};

/// Runs kernels; skips its tests where there is no device.
class KernelTest : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    try {
      stream_ = cuda::make_stream();
    } catch (const std::exception& error) {
      GTEST_SKIP() << error.what();
    }
  }

  /// Calls enqueue(stream) and waits for what it enqueued. Throws if anything fails.
  template <typename Enqueue>
  void run(const Enqueue& enqueue) {
    cuda::GraphExec graph;
    if (GetParam().captured) {
      cuda::StreamCapture capture(stream_.get());
      QMNIST_CHECK(enqueue(stream_.get()));
      graph = capture.finish();
      QMNIST_CHECK(cudaGraphLaunch(graph.get(), stream_.get()));
    } else {
      QMNIST_CHECK(enqueue(stream_.get()));
    }
    QMNIST_CHECK(cudaStreamSynchronize(stream_.get()));
  }

 private:
  cuda::Stream stream_;
};

#else

inline auto ways() {
  return testing::Values(Way{"host_seed1", 1}, Way{"host_seed2", 1000}, Way{"host_seed3", 2000});
}

struct Memory {
  static constexpr std::align_val_t kAlignment{256};  // cudaMalloc's
  static void* allocate(std::size_t bytes) { return ::operator new(bytes, kAlignment); }
  static void copy(void* to, const void* from, std::size_t bytes) {
    std::copy_n(static_cast<const std::byte*>(from), bytes, static_cast<std::byte*>(to));
  }
  void operator()(void* memory) const { ::operator delete(memory, kAlignment); }
};

class KernelTest : public testing::TestWithParam<Way> {
 protected:
  /// Calls enqueue(stream), each time in another order of blocks and threads.
  template <typename Enqueue>
  void run(const Enqueue& enqueue) {
    cuda_on_host::seed = GetParam().seed + runs_++;
    if (enqueue(nullptr) != cudaSuccess) {
      throw std::runtime_error("invalid configuration argument");
    }
  }

 private:
  std::uint64_t runs_ = 0;
};

#endif

/// Memory that kernels can use. Not a byte larger than its values, so that an access beyond shows.
template <typename T>
class Array {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit Array(const std::vector<T>& values)
      : count_(values.size()),
        memory_(static_cast<T*>(Memory::allocate(values.size() * sizeof(T)))) {
    Memory::copy(data(), values.data(), count_ * sizeof(T));
  }

  [[nodiscard]] T* data() { return memory_.get(); }

  [[nodiscard]] std::vector<T> values() const {
    std::vector<T> values(count_);
    Memory::copy(values.data(), memory_.get(), count_ * sizeof(T));
    return values;
  }

 private:
  std::size_t count_;
  std::unique_ptr<T, Memory> memory_;
};

}  // namespace qmnist::test
