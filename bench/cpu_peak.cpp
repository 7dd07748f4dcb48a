#include "bench/cpu_peak.h"

#include <algorithm>
#include <chrono>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/cpu_peak.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace qmnist::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

double MultiplyAdds(std::size_t rounds) {
  constexpr hn::ScalableTag<float> kFloats;
  constexpr std::size_t kSums = 10;
  using Vector = hn::Vec<decltype(kFloats)>;
  Vector sums[kSums];
  for (Vector& sum : sums) {
    sum = hn::Zero(kFloats);
  }
  const Vector factor = hn::Set(kFloats, 0.999F);
  const Vector addend = hn::Set(kFloats, 0.001F);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (Vector& sum : sums) {
      sum = hn::MulAdd(sum, factor, addend);
    }
  }
  Vector total = sums[0];
  for (const Vector& sum : sums) {
    total = hn::Add(total, sum);
  }
  volatile float keep = hn::GetLane(total);
  (void)keep;
  return 2.0 * static_cast<double>(rounds * kSums * hn::MaxLanes(kFloats));
}

}  // namespace qmnist::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist {

HWY_EXPORT(MultiplyAdds);

double fma_peak() {
  static const double peak = [] {
    double best = 0;
    for (int i = 0; i < 20; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const double flops = HWY_DYNAMIC_DISPATCH(MultiplyAdds)(2'000'000);
      best = std::max(
          best,
          flops / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
  }();
  return peak;
}

}  // namespace qmnist
#endif
