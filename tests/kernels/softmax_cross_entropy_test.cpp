#include "tests/kernels/launcher.h"  // before any kernel

#include <cmath>
#include <limits>

#include "kernels/softmax_cross_entropy.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

struct Batch {
  std::size_t rows;
  std::size_t classes;
  std::vector<float> products;  ///< may have more rows, which must stay as they are
  std::vector<float> bias;
  std::vector<std::uint8_t> labels;
  LossParams<float> loss{};
  std::vector<float> soft_labels{};  ///< [rows, classes], or none
};

struct Result {
  std::vector<float> logits;
  std::vector<float> deltas;
  std::vector<float> bias_gradient;
  DeviceMetrics metrics;
};

constexpr DeviceMetrics kBefore = {.loss_sum = 1.5, .correct = 1'000'000'000'000};

class SoftmaxCrossEntropyKernelTest : public test::KernelTest {
 protected:
  Result result_of(const Batch& batch, std::size_t spare = 0) {
    test::Array logits(batch.products);
    test::Array bias(batch.bias);
    test::Array labels(batch.labels);
    test::Array soft_labels(batch.soft_labels);
    const Targets targets{labels.data(), batch.soft_labels.empty() ? nullptr : soft_labels.data()};
    test::Array deltas(std::vector<float>(batch.products.size(), test::kUntouched));
    test::Array bias_gradient(std::vector<float>(batch.classes + spare, test::kUntouched));
    test::Array metrics(std::vector<DeviceMetrics>{kBefore});
    const std::size_t tiles = tiles_for(batch.rows);
    test::Array tile_sums(std::vector<float>(tiles * batch.classes));
    test::Array tile_metrics{std::vector<DeviceMetrics>(tiles)};
    run([&](cudaStream_t stream) {
      return launch_softmax_cross_entropy(stream, logits.data(), bias.data(), targets,
                                          deltas.data(), bias_gradient.data(), metrics.data(),
                                          {tile_sums.data(), tile_metrics.data()}, batch.loss,
                                          batch.rows, batch.classes);
    });
    return {logits.values(), deltas.values(), bias_gradient.values(), metrics.values().front()};
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, SoftmaxCrossEntropyKernelTest, test::ways(), test::name_of);

/// The parameters in double.
LossParams<double> in_double(const LossParams<float>& loss) {
  return {.label_smoothing = double{loss.label_smoothing},
          .teacher_weight = double{loss.teacher_weight},
          .teacher_temperature = double{loss.teacher_temperature}};
}

/// Compares with the formula in double. As products and bias are coarse, the logits are exact, and
/// so is who hits; many tie. With n classes and r rows:
///
/// - A probability errs by (n / 2 + 2) eps, see softmax_test.cpp; subtraction, scale and product by
///   eps / 2 each: a delta by (n / 2 + 4) eps / r.
/// - A column of deltas sums up to at most 1 in magnitude, in a chain of r / 32 + 5 additions: the
///   bias gradient errs by (n / 2 + 4) eps + (r / 32 + 5) eps / 2.
/// - The sum of exponentials errs by (n / 2 + 1) eps, its logarithm by that and 1 ulp, log n eps;
///   adding the maximum and subtracting the label's logit by eps / 2 of the results. With smoothed
///   labels the sum of n logits errs by n / 2 eps, and the products by less than two more.
/// - With soft labels there is as much again, times weight and temperature, and once more the
///   temperature in the loss.
void compare(const Batch& batch, const Result& result) {
  const auto n = static_cast<double>(batch.classes);
  const auto r = static_cast<double>(batch.rows);
  std::vector<double> logits(batch.classes);
  std::vector<double> deltas(batch.classes);
  std::vector<double> bias_gradient(batch.classes);
  const LossParams<double> params = in_double(batch.loss);
  const double of_teacher =
      batch.soft_labels.empty() ? 0 : 2 * params.teacher_weight * params.teacher_temperature;
  double loss_sum = kBefore.loss_sum;
  double loss_error = 0;
  unsigned long long correct = kBefore.correct;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const std::size_t first = row * batch.classes;
    for (std::size_t i = 0; i < batch.classes; ++i) {
      logits[i] = double{batch.products[first + i]} + batch.bias[i];
    }
    const std::size_t label = batch.labels[row];
    const std::vector<double> soft_labels =
        batch.soft_labels.empty()
            ? std::vector<double>()
            : std::vector<double>(
                  batch.soft_labels.begin() + static_cast<std::ptrdiff_t>(first),
                  batch.soft_labels.begin() + static_cast<std::ptrdiff_t>(first + batch.classes));
    const double loss =
        row_loss(logits.data(), batch.classes, label,
                 soft_labels.empty() ? nullptr : soft_labels.data(), 1 / r, deltas.data(), params);
    loss_sum += loss;
    double magnitude = 0;
    for (const double logit : logits) {
      magnitude += std::abs(logit);
    }
    loss_error += (1 + of_teacher * params.teacher_temperature) * test::kEpsilon *
                  (n / 2 + 1 + std::log(n) + (std::abs(loss + logits[label]) + std::abs(loss)) / 2 +
                   double{batch.loss.label_smoothing} * (2 + n / 2) * magnitude);
    correct += argmax(logits.data(), batch.classes) == label ? 1 : 0;
    for (std::size_t i = 0; i < batch.classes; ++i) {
      ASSERT_EQ(result.logits[first + i], logits[i]) << row << ", " << i;
      ASSERT_NEAR(result.deltas[first + i], deltas[i],
                  (1 + of_teacher) * (n / 2 + 4) * test::kEpsilon / r)
          << row << ", " << i;
      bias_gradient[i] += deltas[i];
    }
  }
  for (std::size_t i = 0; i < batch.classes; ++i) {
    EXPECT_NEAR(result.bias_gradient[i], bias_gradient[i],
                (1 + of_teacher) * (n / 2 + 4 + (r / 32 + 5) / 2) * test::kEpsilon);
  }
  EXPECT_NEAR(result.metrics.loss_sum, loss_sum, loss_error);
  EXPECT_EQ(result.metrics.correct, correct);
}

Batch coarse_batch(std::size_t rows, std::size_t classes, std::size_t spare) {
  Batch batch{.rows = rows,
              .classes = classes,
              .products = test::coarse_values((rows + spare) * classes, 1),
              .bias = test::coarse_values(classes, 2),
              .labels = test::bytes(rows, 3, classes)};
  for (std::size_t i = 0; i < rows * classes; ++i) {
    if (i / classes % 3 == 0) {  // a row in three has little but ties
      batch.products[i] = (i % 2 == 0 ? 1.0F : 0.0F) - batch.bias[i % classes];
    }
  }
  return batch;
}

TEST_P(SoftmaxCrossEntropyKernelTest, DoesWhatTheFormulaDoes) {
  for (const std::size_t rows : test::Sizes{1, 7, 31, 32, 33, 255, 256, 257, 600}) {
    for (const std::size_t classes : test::Sizes{1, 2, 10, 33}) {
      SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(classes));
      const Batch batch = coarse_batch(rows, classes, 0);
      compare(batch, result_of(batch));
    }
  }
}

TEST_P(SoftmaxCrossEntropyKernelTest, SumsTheTilesOfALargeBatch) {
  for (const std::size_t rows : test::Sizes{kTileRows, kTileRows + 1, 2 * kTileRows + 300}) {
    const Batch batch = coarse_batch(rows, 10, 0);
    compare(batch, result_of(batch));
  }
}

TEST_P(SoftmaxCrossEntropyKernelTest, SmoothsLabelsAsTheFormulaDoes) {
  for (const std::size_t classes : test::Sizes{1, 10, 33}) {
    Batch batch = coarse_batch(37, classes, 0);
    batch.loss.label_smoothing = 0.1F;
    compare(batch, result_of(batch));
  }
}

TEST_P(SoftmaxCrossEntropyKernelTest, LearnsSoftLabelsAsTheFormulaDoes) {
  for (const std::size_t rows : test::Sizes{1, 37, kTileRows + 1}) {
    for (const std::size_t classes : test::Sizes{2, 10, 33}) {
      Batch batch = coarse_batch(rows, classes, 0);
      batch.loss = {.label_smoothing = 0.1F, .teacher_weight = 0.75F, .teacher_temperature = 2};
      batch.soft_labels.assign(rows * classes, 0.5F / static_cast<float>(classes));
      for (std::size_t row = 0; row < rows; ++row) {
        batch.soft_labels[row * classes + row % classes] += 0.5F;
      }
      compare(batch, result_of(batch));
    }
  }
}

TEST_P(SoftmaxCrossEntropyKernelTest, LeavesWhatFollowsAlone) {
  const Batch batch = coarse_batch(33, 10, 5);
  const Result result = result_of(batch, 40);
  compare(batch, result);
  for (std::size_t i = 330; i < result.logits.size(); ++i) {
    EXPECT_EQ(result.logits[i], batch.products[i]);
    EXPECT_EQ(result.deltas[i], test::kUntouched);
  }
  for (std::size_t i = 10; i < result.bias_gradient.size(); ++i) {
    EXPECT_EQ(result.bias_gradient[i], test::kUntouched);
  }
}

TEST_P(SoftmaxCrossEntropyKernelTest, StaysFiniteForExtremeLogits) {
  const Batch batch{.rows = 4,
                    .classes = 2,
                    .products = {1e30F, -1e30F, -1e30F, 1e30F, 1e30F, 1e30F, -1e30F, -1e30F},
                    .bias = {0, 0},
                    .labels = {0, 0, 0, 0}};
  const Result result = result_of(batch);
  EXPECT_EQ(result.deltas,
            (std::vector<float>{0, 0, -0.25F, 0.25F, -0.125F, 0.125F, -0.125F, 0.125F}));
  EXPECT_EQ(result.bias_gradient, (std::vector<float>{-0.5F, 0.5F}));
  EXPECT_NEAR(result.metrics.loss_sum, 2e30, 2e30 * test::kEpsilon);
  EXPECT_EQ(result.metrics.correct, kBefore.correct + 3) << "the first of equals counts";
}

TEST_P(SoftmaxCrossEntropyKernelTest, GivesTheSameBitsEachTime) {
  const Batch batch{.rows = 257,
                    .classes = 10,
                    .products = test::fine_values(2570, 1, -9, 9),
                    .bias = test::fine_values(10, 2, -1, 1),
                    .labels = test::bytes(257, 3, 10)};
  const Result first = result_of(batch);
  const Result second = result_of(batch);
  EXPECT_TRUE(test::same_bits(first.logits, second.logits));
  EXPECT_TRUE(test::same_bits(first.deltas, second.deltas));
  EXPECT_TRUE(test::same_bits(first.bias_gradient, second.bias_gradient));
  EXPECT_EQ(first.metrics.loss_sum, second.metrics.loss_sum);
  EXPECT_EQ(first.metrics.correct, second.metrics.correct);
}

}  // namespace
}  // namespace qmnist
