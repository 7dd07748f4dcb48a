#include "host/engines/cpu_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/engines/reference_engine.h"
#include "tests/small_data.h"

namespace qmnist {
namespace {

using test::SmallData;

struct Shape {
  std::size_t features;
  std::vector<std::size_t> hidden;
  std::size_t classes;
  std::size_t batch;
};

void PrintTo(const Shape& shape, std::ostream* stream) {  // NOLINT: GoogleTest's name
  *stream << shape.features << " inputs, " << shape.hidden.size() << " hidden, batch "
          << shape.batch;
}

EngineSettings settings_for(const Shape& shape, std::size_t threads = 1) {
  return {.network = Network(shape.features, shape.hidden, shape.classes),
          .adam = {},
          .batch_size = shape.batch,
          .threads = threads};
}

bool keep_going(const RunningMetrics& /*running*/) {
  return true;
}

class CpuEngineTest : public testing::TestWithParam<Shape> {};

INSTANTIATE_TEST_SUITE_P(Shapes, CpuEngineTest,
                         testing::Values(Shape{1, {1}, 2, 1}, Shape{5, {}, 3, 4},
                                         Shape{13, {7}, 10, 3}, Shape{33, {31, 17, 5}, 10, 31},
                                         Shape{784, {128, 64}, 10, 32},
                                         Shape{784, {127, 65}, 10, 33}));

TEST_P(CpuEngineTest, EveryGradientIsTheReferences) {
  const Shape& shape = GetParam();
  const SmallData data(shape.batch, shape.features, shape.classes);
  CpuEngine engine(settings_for(shape));
  ReferenceEngine<double> reference(settings_for(shape));
  const std::vector<float> actual = engine.gradients(data.view(), data.all());
  const std::vector<float> expected = reference.gradients(data.view(), data.all());

  const double eps = std::numeric_limits<float>::epsilon();
  // Each sum of n rounded terms is off by at most n eps of its largest partial sum; along the
  // network the longest chain has the inputs, the widest layer and the batch.
  const double terms = static_cast<double>(shape.features + shape.batch) +
                       static_cast<double>(shape.hidden.empty() ? 0 : shape.hidden.front());
  for (const Tensor& tensor : settings_for(shape).network.tensors()) {
    double largest = 0;
    for (std::size_t i = 0; i < tensor.size; ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(expected[tensor.offset + i])));
    }
    for (std::size_t i = 0; i < tensor.size; ++i) {
      EXPECT_NEAR(actual[tensor.offset + i], expected[tensor.offset + i], terms * eps * largest)
          << tensor.name << " " << i;
    }
  }
}

TEST_P(CpuEngineTest, ProbabilitiesAreTheReferences) {
  const Shape& shape = GetParam();
  const SmallData data(shape.batch, shape.features, shape.classes);
  CpuEngine engine(settings_for(shape));
  ReferenceEngine<double> reference(settings_for(shape));
  const std::vector<float> actual = engine.predict(data.view(), data.all());
  const std::vector<float> expected = reference.predict(data.view(), data.all());
  ASSERT_EQ(actual.size(), shape.batch * shape.classes);
  const double tolerance =
      static_cast<double>(shape.features + 200) * std::numeric_limits<float>::epsilon();
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], tolerance);
  }
}

TEST_P(CpuEngineTest, ParametersAfterAHundredStepsAreTheReferences) {
  const Shape& shape = GetParam();
  constexpr std::size_t kSteps = 100;
  const SmallData data(shape.batch * 5 + 1, shape.features, shape.classes);
  std::vector<std::uint32_t> order(shape.batch * kSteps);
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<std::uint32_t>(i % data.labels.size());
  }
  CpuEngine engine(settings_for(shape));
  ReferenceEngine<double> reference(settings_for(shape));
  RunningMetrics metrics;
  RunningMetrics expected_metrics;
  engine.train(data.view(), order, metrics, keep_going);
  reference.train(data.view(), order, expected_metrics, keep_going);

  EXPECT_EQ(engine.state().step, kSteps);
  EXPECT_NEAR(metrics.loss(), expected_metrics.loss(), 1e-4 * expected_metrics.loss());
  // Adam divides by the gradient's own size, so where a gradient is rounding noise the noise moves
  // a parameter too, at most by the learning rate a step: 1 % of what 100 steps can move it.
  const std::vector<float> actual = engine.state().parameters;
  const std::vector<float> expected = reference.state().parameters;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 0.01 * 1e-3 * kSteps) << i;
  }
}

TEST(CpuEngineTest, ShortLastBatchIsItsOwnMean) {
  const Shape shape{13, {7}, 10, 4};
  const SmallData data(7, shape.features, shape.classes);
  CpuEngine engine(settings_for(shape));
  ReferenceEngine<double> reference(settings_for(shape));
  RunningMetrics metrics;
  RunningMetrics expected;
  engine.train(data.view(), data.all(), metrics, keep_going);
  reference.train(data.view(), data.all(), expected, keep_going);
  EXPECT_EQ(metrics.samples, 7U);
  EXPECT_EQ(metrics.correct, expected.correct);
  EXPECT_NEAR(metrics.loss(), expected.loss(), 1e-6);
  const TrainingState state = engine.state();
  const TrainingState expected_state = reference.state();
  EXPECT_EQ(state.step, 2U);
  for (std::size_t i = 0; i < state.first_moments.size(); ++i) {
    EXPECT_NEAR(state.first_moments[i], expected_state.first_moments[i], 1e-7);
  }
}

TEST(CpuEngineTest, SameStartSameBits) {
  const Shape shape{784, {128, 64}, 10, 32};
  const SmallData data(500, shape.features, shape.classes);
  for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
    std::vector<TrainingState> states;
    for (int run = 0; run < 2; ++run) {
      CpuEngine engine(settings_for(shape, threads));
      RunningMetrics metrics;
      engine.train(data.view(), data.all(), metrics, keep_going);
      states.push_back(engine.state());
    }
    EXPECT_EQ(states[0], states[1]) << threads << " threads";
  }
}

TEST(CpuEngineTest, GapsOfTheArenaStayZero) {
  const Shape shape{5, {3}, 2, 4};
  const SmallData data(40, shape.features, shape.classes);
  CpuEngine engine(settings_for(shape));
  RunningMetrics metrics;
  engine.train(data.view(), data.all(), metrics, keep_going);
  TrainingState state = engine.state();
  for (const Tensor& tensor : settings_for(shape).network.tensors()) {
    std::fill_n(state.parameters.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.size,
                0.0F);
  }
  EXPECT_EQ(state.parameters, std::vector<float>(state.parameters.size()));
}

TEST(CpuEngineTest, GradientsAndPredictionsChangeNothing) {
  const Shape shape{13, {7}, 10, 4};
  const SmallData data(600, shape.features, shape.classes);  // more than a block of predictions
  CpuEngine engine(settings_for(shape));
  const TrainingState before = engine.state();
  const std::vector<float> all = engine.predict(data.view(), data.all());
  (void)engine.gradients(data.view(), data.all());
  EXPECT_EQ(engine.state(), before);
  const std::vector<std::uint32_t> one{599};
  const std::vector<float> last = engine.predict(data.view(), one);
  for (std::size_t c = 0; c < shape.classes; ++c) {
    EXPECT_NEAR(last[c], all[599 * shape.classes + c], 1e-6);
  }
}

}  // namespace
}  // namespace qmnist
