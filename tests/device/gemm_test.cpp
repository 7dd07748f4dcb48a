#include "host/engines/cuda/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "host/engines/cuda/cuda_device.h"
#include "host/error.h"

namespace qmnist::cuda {
namespace {

// Large enough that cuBLAS leaves no tensor core unused.
constexpr std::size_t kSize = 1024;

std::vector<float> random_values(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(kSize * kSize);
  std::ranges::generate(values, [&] { return uniform(random); });
  return values;
}

class GemmTest : public testing::Test {
 protected:
  void SetUp() override {
    try {
      capability_ = use_cuda_device(0).capability;
    } catch (const DeviceError& error) {
      GTEST_SKIP() << error.what();
    }
  }

  /// left * right on the device.
  static std::vector<float> product(MathMode math, const std::vector<float>& left,
                                    const std::vector<float>& right) {
    const Stream stream = make_stream();
    Gemm gemm(stream.get(), math);
    DeviceBuffer<float> device_left(left.size());
    DeviceBuffer<float> device_right(right.size());
    DeviceBuffer<float> device_product(left.size());
    std::vector<float> result(left.size());
    QMNIST_CHECK(cudaMemcpyAsync(device_left.data(), left.data(), device_left.bytes(),
                                 cudaMemcpyHostToDevice, stream.get()));
    QMNIST_CHECK(cudaMemcpyAsync(device_right.data(), right.data(), device_right.bytes(),
                                 cudaMemcpyHostToDevice, stream.get()));
    gemm.multiply(kSize, kSize, kSize, {device_left.data(), kSize}, {device_right.data(), kSize},
                  device_product.data());
    QMNIST_CHECK(cudaMemcpyAsync(result.data(), device_product.data(), device_product.bytes(),
                                 cudaMemcpyDeviceToHost, stream.get()));
    QMNIST_CHECK(cudaStreamSynchronize(stream.get()));
    return result;
  }

  int capability_ = 0;
};

/// Root of the mean squared distance of the first row from the product in double.
double error_of(const std::vector<float>& product, const std::vector<float>& left,
                const std::vector<float>& right) {
  double squares = 0;
  for (std::size_t column = 0; column < kSize; ++column) {
    double exact = 0;
    for (std::size_t k = 0; k < kSize; ++k) {
      exact += double{left[k]} * double{right[k * kSize + column]};
    }
    squares += std::pow(double{product[column]} - exact, 2);
  }
  return std::sqrt(squares / static_cast<double>(kSize));
}

/// Rounding an operand to b bits errs by a uniform 2^-b relatively, 0.29 of it in the root mean
/// square; 1,024 products of two such operands, each 1/3 in that mean, add up to
/// 2^-b * 0.29 * sqrt(2) * 32 / 3 = 4.4 * 2^-b, of which mantissas' spread leaves about two thirds.
TEST_F(GemmTest, RoundsOperandsToTheBitsOfTheMathMode) {
  const std::vector<float> left = random_values(1);
  const std::vector<float> right = random_values(2);
  EXPECT_LT(error_of(product(MathMode::kFp32, left, right), left, right), 4.4 * std::exp2(-20));
  if (capability_ < 80) {
    GTEST_SKIP() << "no tensor cores for tf32 and bf16";
  }
  for (const auto& [math, bits] : {std::pair{MathMode::kTf32, 11}, {MathMode::kBf16, 8}}) {
    const double error = error_of(product(math, left, right), left, right);
    EXPECT_GT(error, 4.4 * std::exp2(-bits) / 4) << bits;
    EXPECT_LT(error, 4.4 * std::exp2(-bits) * 4) << bits;
  }
}

}  // namespace
}  // namespace qmnist::cuda
