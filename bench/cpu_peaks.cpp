#include "bench/cpu_peaks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/cpu_peaks.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace qmnist::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<float> kFloats;
constexpr std::size_t kLanes = hn::MaxLanes(kFloats);
using Vector = hn::Vec<decltype(kFloats)>;

/// Independent chains, enough to hide the latency of one.
constexpr std::size_t kChains = 10;

/// Applies work() to each of the chains, `rounds` times; returns a value that depends on all of
/// them, so that the compiler cannot remove them.
template <typename Work>
HWY_INLINE float run_chains(std::size_t rounds, const Work& work) {
  std::array<Vector, kChains> chains;
  for (std::size_t c = 0; c < kChains; ++c) {
    chains[c] = hn::Set(kFloats, 1.0F + static_cast<float>(c));
  }
  for (std::size_t round = 0; round < rounds; ++round) {
    for (Vector& chain : chains) {
      chain = work(chain);
    }
  }
  for (const Vector& chain : chains) {
    chains[0] = hn::Add(chains[0], chain);
  }
  return hn::GetLane(chains[0]);
}

/// @return operations done
double multiply_add(volatile float& result) {
  constexpr std::size_t kRounds = 500'000;
  const Vector factor = hn::Set(kFloats, 0.999F);
  const Vector addend = hn::Set(kFloats, 0.001F);
  result = run_chains(kRounds, [&](Vector x) HWY_ATTR { return hn::MulAdd(x, factor, addend); });
  return 2.0 * kRounds * kChains * kLanes;
}

double roots(volatile float& result) {
  constexpr std::size_t kRounds = 50'000;
  const Vector one = hn::Set(kFloats, 1.0F);
  result = run_chains(kRounds, [&](Vector x) HWY_ATTR { return hn::Div(one, hn::Sqrt(x)); });
  return 1.0 * kRounds * kChains * kLanes;
}

/// @return bytes moved
double stream(float* a, float* b, float* c, std::size_t count) {
  const Vector half = hn::Set(kFloats, 0.5F);
  for (std::size_t i = 0; i + kLanes <= count; i += kLanes) {
    for (float* array : {a, b, c}) {
      hn::StoreU(hn::Mul(hn::LoadU(kFloats, array + i), half), kFloats, array + i);
    }
  }
  return 3.0 * 2.0 * sizeof(float) * static_cast<double>(count);
}

}  // namespace qmnist::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist {
namespace {

HWY_EXPORT(multiply_add);
HWY_EXPORT(roots);
HWY_EXPORT(stream);

/// The best of many short runs, as other programs can only slow a run down.
template <typename Work>
double best_rate(const Work& work) {
  double best = 0;
  for (int run = 0; run < 100; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const double amount = work();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::max(best, amount / taken.count());
  }
  return best;
}

}  // namespace

CpuPeaks measure_cpu_peaks() {
  constexpr std::size_t kParameters = 109'386;
  std::vector<float> a(kParameters, 1.0F);
  std::vector<float> b = a;
  std::vector<float> c = a;
  volatile float result = 0;
  return {.flops = best_rate([&] { return HWY_DYNAMIC_DISPATCH(multiply_add)(result); }),
          .bytes = best_rate([&] {
            return HWY_DYNAMIC_DISPATCH(stream)(a.data(), b.data(), c.data(), kParameters);
          }),
          .roots = best_rate([&] { return HWY_DYNAMIC_DISPATCH(roots)(result); })};
}

}  // namespace qmnist
#endif
