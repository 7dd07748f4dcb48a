#include "host/engines/reference_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tests/support/small_data.h"
#include "tests/support/small_teacher.h"

namespace qmnist {
namespace {

using test::SmallData;

constexpr std::size_t kFeatures = 6;
constexpr std::size_t kSmallClasses = 4;

Network small_network() {
  return {kFeatures, std::array<std::size_t, 2>{7, 5}, kSmallClasses};
}

ReferenceEngine<double> small_engine(std::size_t batch_size = 3) {
  return ReferenceEngine<double>({small_network(), OptimizerSettings{}, batch_size, 1});
}

/// Ways to train that change the gradient.
struct Ingredients {
  Activation activation = Activation::kRelu;
  double dropout = 0;
  double label_smoothing = 0;
  bool has_teacher = false;
};

ReferenceEngine<double> small_engine(const Ingredients& ingredients) {
  EngineSettings settings{.network = small_network(), .optimizer = {}, .batch_size = 3};
  settings.network = {kFeatures, std::array<std::size_t, 2>{7, 5}, kSmallClasses,
                      ingredients.activation};
  settings.regularization = {.dropout = ingredients.dropout,
                             .label_smoothing = ingredients.label_smoothing};
  if (ingredients.has_teacher) {
    settings.teacher.models = {"some.safetensors"};
  }
  return ReferenceEngine<double>(settings);
}

double mean_loss(const ReferenceEngine<double>& engine, const SmallData& data) {
  RunningMetrics metrics;
  (void)engine.precise_gradients(data.view(), data.all(), metrics);
  return metrics.loss();
}

/// Derivative of the mean loss by one parameter, from five points; the error is h^4 / 30 of the
/// fifth derivative plus rounding of about eps / h: both near 1e-13 for h = 1e-3.
double finite_difference(ReferenceEngine<double>& engine, const SmallData& data,
                         double& parameter) {
  constexpr double kStep = 1e-3;
  const double center = parameter;
  const auto loss_at = [&](double offset) {
    parameter = center + offset * kStep;
    return mean_loss(engine, data);
  };
  const double derivative =
      (8 * (loss_at(1) - loss_at(-1)) - (loss_at(2) - loss_at(-2))) / (12 * kStep);
  parameter = center;
  return derivative;
}

std::vector<Ingredients> all_ingredients() {
  std::vector<Ingredients> all{{Activation::kRelu, 0.3},
                               {Activation::kRelu, 0, 0.1},
                               {Activation::kGelu, 0.2, 0.1},
                               {Activation::kRelu, 0, 0, true},
                               {Activation::kTanh, 0.2, 0.1, true}};
  for (const ActivationChoice& activation : kActivations) {
    all.push_back({activation.value});
  }
  return all;
}

class GradientTest : public testing::TestWithParam<Ingredients> {};
INSTANTIATE_TEST_SUITE_P(Ingredients, GradientTest, testing::ValuesIn(all_ingredients()));

TEST_P(GradientTest, IsTheLossDerivative) {
  ReferenceEngine<double> engine = small_engine(GetParam());
  engine.set_state(initial_state(small_network(), 5));
  test::SmallTeacher teacher(kSmallClasses, 3);
  engine.set_soft_labels(teacher);
  const SmallData data(5, kFeatures, kSmallClasses);
  RunningMetrics metrics;
  const std::vector<double> gradients = engine.precise_gradients(data.view(), data.all(), metrics);

  std::size_t moving = 0;
  for (const Tensor& tensor : small_network().tensors()) {
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
      const double expected = finite_difference(engine, data, engine.parameters()[i]);
      const double largest = std::max(std::abs(expected), std::abs(gradients[i]));
      EXPECT_LE(std::abs(expected - gradients[i]), 1e-6 * largest)
          << tensor.name << " " << i - tensor.offset;
      moving += largest > 0 ? 1 : 0;
    }
  }
  // Dead ReLUs and dropped units have no gradient; most must be alive or the test says nothing.
  EXPECT_GT(moving, small_network().parameter_count() / 2);
}

TEST(ReferenceEngineTest, BiasGradientOfTheLastLayerIsTheMeanError) {
  ReferenceEngine<double> engine = small_engine();
  const SmallData data(9, kFeatures, kSmallClasses);
  const std::vector<float> gradients = engine.gradients(data.view(), data.all());
  const std::vector<float> probabilities = engine.predict(data.view(), data.all());
  const Tensor bias = small_network().tensors().back();
  for (std::size_t c = 0; c < kSmallClasses; ++c) {
    double error = 0;
    for (std::size_t i = 0; i < 9; ++i) {
      error += static_cast<double>(probabilities[i * kSmallClasses + c]);
      error -= data.labels[i] == c ? 1 : 0;
    }
    EXPECT_NEAR(gradients[bias.offset + c], error / 9, 1e-7);
  }
}

TEST(ReferenceEngineTest, TakesTheShortLastBatchAsItsOwnMean) {
  // 5 images in batches of 3: the second step is that of the last two alone.
  const SmallData data(5, kFeatures, kSmallClasses);
  const std::vector<std::uint32_t> order{4, 0, 2, 1, 3};
  ReferenceEngine<double> whole = small_engine(3);
  RunningMetrics metrics;
  whole.train(data.view(), order, metrics, [](const RunningMetrics& /*running*/) { return true; });
  EXPECT_EQ(whole.state().step, 2U);
  EXPECT_EQ(metrics.samples, 5U);

  ReferenceEngine<double> parts = small_engine(3);
  for (const std::vector<std::uint32_t>& batch : {std::vector<std::uint32_t>{4, 0, 2}, {1, 3}}) {
    RunningMetrics ignored;
    parts.train(data.view(), batch, ignored,
                [](const RunningMetrics& /*running*/) { return true; });
  }
  EXPECT_EQ(whole.state(), parts.state());
}

TEST(ReferenceEngineTest, StopsWhereTheCallbackSaysAndGoesOnFromThere) {
  const SmallData data(8, kFeatures, kSmallClasses);
  ReferenceEngine<double> whole = small_engine(3);
  RunningMetrics expected;
  whole.train(data.view(), data.all(), expected,
              [](const RunningMetrics& /*running*/) { return true; });

  ReferenceEngine<double> stopped = small_engine(3);
  RunningMetrics metrics;
  stopped.train(data.view(), data.all(), metrics,
                [](const RunningMetrics& /*running*/) { return false; });
  EXPECT_EQ(metrics.samples, 3U);
  stopped.train(data.view(), data.all(), metrics,
                [](const RunningMetrics& /*running*/) { return true; });
  EXPECT_EQ(metrics, expected);
  EXPECT_EQ(whole.state(), stopped.state());
}

TEST(ReferenceEngineTest, TakesTheLearningRateOfEachStep) {
  // Three steps whose learning rate halves after each, against the same by hand.
  const SmallData data(6, kFeatures, kSmallClasses);
  const Schedule schedule{
      .peak = 0.1,
      .settings = {.name = ScheduleName::kStep, .step_epochs = 1, .step_factor = 0.5},
      .epochs = 3,
      .steps_per_epoch = 1};
  ReferenceEngine<double> engine(
      {.network = small_network(), .optimizer = {}, .batch_size = 2, .schedule = schedule});
  ReferenceEngine<double> by_hand = small_engine(2);
  std::vector<double> first(engine.parameters().size());
  std::vector<double> second(engine.parameters().size());
  double learning_rate = 0.1;
  for (std::uint32_t step = 0; step < 3; ++step, learning_rate /= 2) {
    const std::vector<std::uint32_t> batch{2 * step, 2 * step + 1};
    RunningMetrics ignored;
    const auto gradients = by_hand.precise_gradients(data.view(), batch, ignored);
    const auto scalars = optimizer_scalars<double>({}, learning_rate, step + 1);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      adam_update(scalars, gradients[i], by_hand.parameters()[i], first[i], second[i]);
    }
  }
  RunningMetrics metrics;
  engine.train(data.view(), data.all(), metrics,
               [](const RunningMetrics& /*running*/) { return true; });
  EXPECT_TRUE(std::ranges::equal(engine.parameters(), by_hand.parameters()));
}

TEST(ReferenceEngineTest, FloatFollowsDouble) {
  const SmallData data(40, kFeatures, kSmallClasses);
  ReferenceEngine<float> single({small_network(), OptimizerSettings{}, 8, 1});
  ReferenceEngine<double> precise = small_engine(8);
  const std::vector<float> a = single.gradients(data.view(), data.all());
  const std::vector<float> b = precise.gradients(data.view(), data.all());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a[i], b[i], 40 * 1.2e-7);  // sums of 40 terms below 1, each rounded to eps
  }
}

}  // namespace
}  // namespace qmnist
