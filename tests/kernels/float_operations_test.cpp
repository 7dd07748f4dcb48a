#include "tests/kernels/launcher.h"  // before any kernel

#include <bit>
#include <cfloat>
#include <cmath>

#include "host/engines/cpu/flush_denormals.h"
#include "kernels/launch.h"
#include "kernels/scalar.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

/// Results of the operations of which all kernels consist.
struct Operations {
  float product_and_sum;  ///< a * b + c: two roundings
  float quotient;         ///< a / b
  float root;             ///< sqrt(|a|)
  float product;          ///< a * b
  float sum;              ///< a + b
};

// NOLINTBEGIN(modernize-avoid-c-arrays)

static __global__ void operations_kernel(const float* a, const float* b, const float* c,
                                         Operations* results, std::size_t count) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count) {
    results[i] = {a[i] * b[i] + c[i], a[i] / b[i], square_root(std::abs(a[i])), a[i] * b[i],
                  a[i] + b[i]};
  }
}

// NOLINTEND(modernize-avoid-c-arrays)

struct Operands {
  std::vector<float> a;
  std::vector<float> b;
  std::vector<float> c;
};

class FloatOperationsTest : public test::KernelTest {
 protected:
  std::vector<Operations> results_of(const Operands& operands) {
    test::Array a(operands.a);
    test::Array b(operands.b);
    test::Array c(operands.c);
    const std::size_t count = operands.a.size();
    test::Array results{std::vector<Operations>(count)};
    const cpu::FlushDenormals as_on_a_device;  // the host launcher's kernels
    run([&](cudaStream_t stream) {
      return launch(operations_kernel, blocks_for(count, kThreadsPerBlock), kThreadsPerBlock,
                    stream, a.data(), b.data(), c.data(), results.data(), count);
    });
    return results.values();
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, FloatOperationsTest, test::ways(), test::name_of);

std::uint32_t bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

/// A double has more than twice a float's digits, so that rounding its quotient or root once more
/// gives the float that is nearest to the exact one.
TEST_P(FloatOperationsTest, RoundsEachOperationCorrectly) {
  constexpr std::size_t kOperands = 20000;
  const Operands operands{test::fine_values(kOperands, 1, -4, 4),
                          test::fine_values(kOperands, 2, -4, 4),
                          test::fine_values(kOperands, 3, -4, 4)};
  const std::vector<Operations> results = results_of(operands);
  for (std::size_t i = 0; i < kOperands; ++i) {
    const double a = operands.a[i];
    const double b = operands.b[i];
    const auto product = static_cast<float>(a * b);
    ASSERT_EQ(results[i].product, product) << a << ", " << b;
    ASSERT_EQ(results[i].product_and_sum,
              static_cast<float>(double{product} + double{operands.c[i]}))
        << a << ", " << b << ", " << operands.c[i];
    ASSERT_EQ(results[i].quotient, static_cast<float>(a / b)) << a << ", " << b;
    ASSERT_EQ(results[i].root, static_cast<float>(std::sqrt(std::abs(a)))) << a;
  }
}

/// (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, of which a rounded product loses the last term.
TEST_P(FloatOperationsTest, FusesNothingThatIsNotWrittenSo) {
  const float a = 1 + std::ldexp(1.0F, -12);
  const auto results = results_of({{a}, {a}, {-1 - std::ldexp(1.0F, -11)}});
  EXPECT_EQ(results[0].product_and_sum, 0);
}

TEST_P(FloatOperationsTest, SubnormalOperandsAndResultsAreZero) {
  const float subnormal = FLT_MIN / 2;
  const Operands operands{
      {FLT_MIN, subnormal, -FLT_MIN, 1.5F * FLT_MIN}, {0.5F, 1024, 0.5F, -FLT_MIN}, {0, 0, 0, 0}};
  const std::vector<Operations> results = results_of(operands);
  EXPECT_EQ(bits(results[0].product), bits(0.0F));
  EXPECT_EQ(bits(results[1].product), bits(0.0F));
  EXPECT_EQ(bits(results[1].quotient), bits(0.0F));
  EXPECT_EQ(bits(results[1].root), bits(0.0F));
  EXPECT_EQ(bits(results[2].product), bits(-0.0F));
  EXPECT_EQ(bits(results[3].sum), bits(0.0F));
}

}  // namespace
}  // namespace qmnist
