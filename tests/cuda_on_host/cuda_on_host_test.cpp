#include "tests/cuda_on_host/cuda_on_host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace qmnist {
namespace {

constexpr unsigned kAll = 0xFFFFFFFFU;

unsigned thread_of_block() {
  return threadIdx.x + blockDim.x * threadIdx.y;
}

/// What launch() throws; nothing if it does not.
template <typename... Parameters, typename... Arguments>
std::string error_of(void (*kernel)(Parameters...), dim3 threads, Arguments... arguments) {
  try {
    EXPECT_EQ(launch(kernel, 1, threads, nullptr, arguments...), cudaSuccess);
  } catch (const std::logic_error& error) {
    return error.what();
  }
  return {};
}

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

void place_kernel(std::vector<unsigned>* order, std::vector<unsigned>* visits) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  atomicAdd(&visits->at(block * blockDim.x * blockDim.y + thread_of_block()), 1U);
  if (threadIdx.x == 0 && threadIdx.y == 0) {
    order->push_back(block);
  }
}

TEST(HostLauncherTest, RunsEachThreadOfEachBlockOnce) {
  std::vector<unsigned> order;
  std::vector<unsigned> visits(720);
  ASSERT_EQ(launch(place_kernel, {2, 3, 4}, {5, 6}, nullptr, &order, &visits), cudaSuccess);
  EXPECT_EQ(visits, std::vector<unsigned>(visits.size(), 1));
  EXPECT_EQ(std::set<unsigned>(order.begin(), order.end()).size(), 24U);
}

TEST(HostLauncherTest, ShufflesBlocksBySeed) {
  std::set<std::vector<unsigned>> orders;
  for (const std::uint64_t seed : {1U, 2U, 3U, 1U}) {
    cuda_on_host::seed = seed;
    std::vector<unsigned> order;
    std::vector<unsigned> visits(20);
    ASSERT_EQ(launch(place_kernel, 20, 1, nullptr, &order, &visits), cudaSuccess);
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 3U);
}

void thread_order_kernel(std::vector<unsigned>* order) {
  order->push_back(threadIdx.x);
  __syncthreads();
  order->push_back(threadIdx.x);
}

TEST(HostLauncherTest, ShufflesThreadsBetweenBarriers) {
  std::vector<unsigned> order;
  ASSERT_EQ(launch(thread_order_kernel, 1, 100, nullptr, &order), cudaSuccess);
  const std::vector<unsigned> before(order.begin(), order.begin() + 100);
  const std::vector<unsigned> after(order.begin() + 100, order.end());
  EXPECT_EQ(std::set<unsigned>(before.begin(), before.end()).size(), 100U);
  EXPECT_EQ(std::set<unsigned>(after.begin(), after.end()).size(), 100U);
  EXPECT_NE(before, after);
}

void drift_kernel(std::vector<unsigned>* order) {
  for (int i = 0; i < 8; ++i) {
    if (threadIdx.x % 32 == 0) {
      order->push_back(threadIdx.x / 32);
    }
    __ballot_sync(kAll, 0);
  }
}

TEST(HostLauncherTest, LetsWarpsDriftApart) {
  std::vector<unsigned> order;
  ASSERT_EQ(launch(drift_kernel, 1, 64, nullptr, &order), cudaSuccess);
  EXPECT_EQ(order.size(), 16U);
  EXPECT_NE(std::adjacent_find(order.begin(), order.end()), order.end());
}

TEST(HostLauncherTest, ChecksTheShape) {
  std::vector<unsigned> order;
  std::vector<unsigned> visits(1024);
  const auto result = [&](dim3 blocks, dim3 threads) {
    return launch(place_kernel, blocks, threads, nullptr, &order, &visits);
  };
  EXPECT_EQ(result(1, 1024), cudaSuccess);
  EXPECT_EQ(order.size(), 1U);
  EXPECT_EQ(result(0, 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result({1, 65536}, 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result(1, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result(1, 1025), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result(1, {32, 33}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result(1, {1, 1, 65}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(order.size(), 1U) << "nothing may have run";
}

void reverse_kernel(float* values) {
  __shared__ float reversed[64];  // NOLINT(modernize-avoid-c-arrays): CUDA's way
  const std::size_t first = std::size_t{blockIdx.x} * 64;
  reversed[63 - threadIdx.x] = values[first + threadIdx.x];
  __syncthreads();
  values[first + threadIdx.x] = reversed[threadIdx.x];
}

TEST(HostLauncherTest, SharesMemoryInABlock) {
  std::vector<float> values(192);
  std::iota(values.begin(), values.end(), 0.0F);
  ASSERT_EQ(launch(reverse_kernel, 3, 64, nullptr, values.data()), cudaSuccess);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t source = i / 64 * 64 + 63 - i % 64;
    EXPECT_EQ(values[i], static_cast<float>(source));
  }
}

void leftover_kernel(unsigned* nans) {
  __shared__ float value;
  atomicAdd(nans, std::isnan(value) ? 1U : 0U);
  value = 1;
}

TEST(HostLauncherTest, PoisonsSharedMemoryBeforeEachBlock) {
  unsigned nans = 0;
  ASSERT_EQ(launch(leftover_kernel, 5, 1, nullptr, &nans), cudaSuccess);
  EXPECT_EQ(nans, 5U);
}

void votes_kernel(unsigned* results) {
  const bool odd = threadIdx.x % 2 == 1;
  unsigned* mine = results + std::size_t{threadIdx.x} * 3;
  mine[0] = __ballot_sync(kAll, odd);
  mine[1] = static_cast<unsigned>(__syncthreads_count(threadIdx.x < 40 ? 2 : 0));
  if (odd) {
    mine[2] = __ballot_sync(0xAAAAAAAAU, threadIdx.x < 4);
  }
}

TEST(HostLauncherTest, Votes) {
  std::vector<unsigned> results(192);
  ASSERT_EQ(launch(votes_kernel, 1, 64, nullptr, results.data()), cudaSuccess);
  for (unsigned i = 0; i < 64; ++i) {
    const auto mine = results.begin() + 3 * std::ptrdiff_t{i};
    const std::vector<unsigned> want = {0xAAAAAAAAU, 40, i % 2 == 1 && i < 32 ? 0b1010U : 0U};
    EXPECT_EQ(std::vector<unsigned>(mine, mine + 3), want);
  }
}

void shuffles_kernel(double* results) {
  const double value = 0.5 + threadIdx.x;
  double* mine = results + std::size_t{threadIdx.x} * 5;
  mine[0] = __shfl_sync(kAll, value, 35);
  mine[1] = __shfl_sync(kAll, value, 1, 8);
  mine[2] = __shfl_down_sync(kAll, value, 5);
  mine[3] = __shfl_down_sync(kAll, value, 5, 8);
  mine[4] = __shfl_xor_sync(kAll, value, 9);
}

TEST(HostLauncherTest, Shuffles) {
  std::vector<double> results(320);
  ASSERT_EQ(launch(shuffles_kernel, 1, 64, nullptr, results.data()), cudaSuccess);
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t lane = i % 32;
    const std::vector<std::size_t> sources = {
        i - lane + 3, i - i % 8 + 1, lane + 5 < 32 ? i + 5 : i, i % 8 + 5 < 8 ? i + 5 : i, i ^ 9U};
    for (std::size_t k = 0; k < 5; ++k) {
      EXPECT_EQ(results[i * 5 + k], 0.5 + static_cast<double>(sources[k])) << i << ' ' << k;
    }
  }
}

void partial_warp_kernel(unsigned* sums, unsigned last_mask) {
  unsigned sum = threadIdx.x;
  const unsigned mask = threadIdx.x < 32 ? kAll : last_mask;
  for (int bits = 4; bits > 0; bits /= 2) {
    sum += __shfl_xor_sync(mask, sum, bits);
  }
  sums[threadIdx.x] = sum;
}

TEST(HostLauncherTest, KnowsThatTheLastWarpMayBePartial) {
  std::vector<unsigned> sums(40);
  ASSERT_EQ(launch(partial_warp_kernel, 1, 40, nullptr, sums.data(), 0xFFU), cudaSuccess);
  EXPECT_EQ(sums[0], 28U);
  EXPECT_EQ(sums[39], 284U);
  expect_contains(error_of(partial_warp_kernel, 40, sums.data(), kAll),
                  "has lanes in its mask that do not run");
}

void early_return_kernel(unsigned* seen) {
  if (threadIdx.x >= 40) {
    return;
  }
  *seen = static_cast<unsigned>(__syncthreads_count(1));
}

TEST(HostLauncherTest, BarriersDoNotWaitForThreadsThatReturned) {
  unsigned seen = 0;
  ASSERT_EQ(launch(early_return_kernel, 1, 100, nullptr, &seen), cudaSuccess);
  EXPECT_EQ(seen, 40U);
}

void divergent_barrier_kernel() {
  if (threadIdx.x < 8) {  // NOLINT(bugprone-branch-clone)
    __syncthreads();
  } else {
    __syncthreads();
  }
}

void barrier_and_warp_kernel() {
  if (threadIdx.x == 0) {
    __syncthreads();
  } else {
    __ballot_sync(kAll, 0);
  }
}

void foreign_mask_kernel() {
  __ballot_sync(threadIdx.x == 0 ? 2U : 3U, 0);
}

void foreign_source_kernel() {
  __shfl_sync(3U, 1.0F, 2);
}

TEST(HostLauncherTest, ReportsWhoWaitsInVain) {
  const std::string divergent = error_of(divergent_barrier_kernel, {16, 2});
  expect_contains(divergent, "grid (1, 1, 1) of blocks (16, 2, 1), block (0, 0, 0), thread (");
  expect_contains(divergent, "__syncthreads in line ");
  expect_contains(error_of(barrier_and_warp_kernel, 32), "__ballot_sync in line ");
  expect_contains(error_of(foreign_mask_kernel, 2),
                  "leaves its own lane or its source's out of its mask");
  expect_contains(error_of(foreign_source_kernel, 2),
                  "leaves its own lane or its source's out of its mask");
}

struct Counted {
  explicit Counted(int* alive) : alive_(alive) { ++*alive_; }
  ~Counted() { --*alive_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  Counted(Counted&&) = delete;
  Counted& operator=(Counted&&) = delete;

 private:
  int* alive_;
};

void throwing_kernel(int* alive) {
  const Counted counted(alive);
  __syncthreads();
  if (threadIdx.x == 7) {
    throw std::out_of_range("thread 7");
  }
  __syncthreads();
}

TEST(HostLauncherTest, PassesExceptionsOnAndUnwindsTheOthers) {
  int alive = 0;
  EXPECT_THROW(static_cast<void>(launch(throwing_kernel, 2, 64, nullptr, &alive)),
               std::out_of_range);
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace qmnist
