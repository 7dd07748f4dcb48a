#include "host/engines/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "host/engines/reference_engine.h"
#include "host/error.h"
#include "tests/support/engines_under_test.h"
#include "tests/support/small_data.h"
#include "tests/support/small_teacher.h"

namespace qmnist {
namespace {

using test::SmallData;
using test::SmallTeacher;

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

/// With a learning rate that halves every 30 steps.
EngineSettings settings_for(const Shape& shape) {
  return {
      .network = Network(shape.features, shape.hidden, shape.classes),
      .optimizer = {},
      .batch_size = shape.batch,
      .threads = 1,
      .schedule = {.settings = {.name = ScheduleName::kStep, .step_epochs = 1, .step_factor = 0.5},
                   .epochs = 4,
                   .steps_per_epoch = 30}};
}

bool keep_going(const RunningMetrics& /*running*/) {
  return true;
}

/// Tests of an engine; skipped where its device is missing.
class EngineTests : public testing::Test {
 protected:
  explicit EngineTests(const EngineKind& kind) : kind_(kind) {}
  void SetUp() override {
    try {
      (void)make_engine(settings_for({1, {}, 2, 1}));
    } catch (const DeviceError& error) {
      GTEST_SKIP() << error.what();
    }
  }
  [[nodiscard]] std::unique_ptr<Engine> make_engine(const EngineSettings& settings) const {
    return kind_.make(settings);
  }

 private:
  const EngineKind& kind_;
};

class EngineContract : public EngineTests, public testing::WithParamInterface<const EngineKind*> {
 protected:
  EngineContract() : EngineTests(*GetParam()) {}
  void expect_same_bits_when_stopped(const EngineSettings& settings, const SmallData& data) const;
};

INSTANTIATE_TEST_SUITE_P(Engines, EngineContract, testing::ValuesIn(test::engines_under_test()),
                         [](const auto& engine) { return std::string(engine.param->name); });

class EngineTest : public EngineTests,
                   public testing::WithParamInterface<std::tuple<const EngineKind*, Shape>> {
 protected:
  EngineTest() : EngineTests(*std::get<0>(GetParam())) {}
  [[nodiscard]] static const Shape& shape_under_test() { return std::get<1>(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(
    Shapes, EngineTest,
    testing::Combine(testing::ValuesIn(test::engines_under_test()),
                     testing::Values(Shape{1, {1}, 2, 1}, Shape{5, {}, 3, 4}, Shape{13, {7}, 10, 3},
                                     Shape{33, {31, 17, 5}, 10, 31}, Shape{784, {128, 64}, 10, 32},
                                     Shape{784, {127, 65}, 10, 33}, Shape{40, {33}, 62, 9},
                                     Shape{20, {65}, 256, 17}, Shape{70, {200, 33}, 40, 130})));

TEST_P(EngineTest, EveryGradientIsTheReferences) {
  const Shape& shape = shape_under_test();
  const SmallData data(shape.batch, shape.features, shape.classes);
  const auto engine = make_engine(settings_for(shape));
  ReferenceEngine<double> reference(settings_for(shape));
  const std::vector<float> actual = engine->gradients(data.view(), data.all());
  const std::vector<float> expected = reference.gradients(data.view(), data.all());

  const double eps = std::numeric_limits<float>::epsilon();
  // Each sum of n rounded terms is off by at most n eps of its largest partial sum; along the
  // network the longest chain has the inputs, the widest layer and the batch.
  const double terms = static_cast<double>(shape.features + shape.batch) +
                       static_cast<double>(shape.hidden.empty() ? 0 : shape.hidden.front());
  for (const Tensor& tensor : settings_for(shape).network.tensors()) {
    double difference = 0;
    double length = 0;
    double largest = 0;
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
      difference += std::pow(static_cast<double>(actual[i]) - static_cast<double>(expected[i]), 2);
      length += std::pow(static_cast<double>(expected[i]), 2);
      largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    }
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
      EXPECT_NEAR(actual[i], expected[i], terms * eps * largest) << tensor.name << " " << i;
    }
    // Rounding errors of both signs: a sum of n terms is off by some sqrt(n) eps, and 1e-5 is 84
    // eps where the longest sums have 784 terms.
    EXPECT_LE(std::sqrt(difference), 1e-5 * std::sqrt(length)) << tensor.name;
  }
}

TEST_P(EngineTest, ProbabilitiesAreTheReferences) {
  const Shape& shape = shape_under_test();
  const SmallData data(shape.batch, shape.features, shape.classes);
  const auto engine = make_engine(settings_for(shape));
  ReferenceEngine<double> reference(settings_for(shape));
  const std::vector<float> actual = engine->predict(data.view(), data.all());
  const std::vector<float> expected = reference.predict(data.view(), data.all());
  ASSERT_EQ(actual.size(), shape.batch * shape.classes);
  const double tolerance =
      static_cast<double>(shape.features + 200) * std::numeric_limits<float>::epsilon();
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], tolerance);
  }
}

TEST_P(EngineTest, ParametersAfterManyStepsAreTheReferences) {
  const Shape& shape = shape_under_test();
  // A few more than a GPU takes at a time: 64, or 2,048 images.
  const std::size_t steps = std::min<std::size_t>(64, 2048 / shape.batch) + 6;
  const SmallData data(shape.batch * 5 + 1, shape.features, shape.classes);
  std::vector<std::uint32_t> order(shape.batch * steps);
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<std::uint32_t>(i % data.labels.size());
  }
  const auto engine = make_engine(settings_for(shape));
  ReferenceEngine<double> reference(settings_for(shape));
  RunningMetrics metrics;
  RunningMetrics expected_metrics;
  engine->train(data.view(), order, metrics, keep_going);
  reference.train(data.view(), order, expected_metrics, keep_going);

  EXPECT_EQ(engine->state().step, steps);
  EXPECT_NEAR(metrics.loss(), expected_metrics.loss(), 1e-4 * expected_metrics.loss());
  // Adam divides by the gradient's own size, so where a gradient is rounding noise the noise moves
  // a parameter too, at most by the learning rate a step: 1 % of what all steps can move it.
  const std::vector<float> actual = engine->state().parameters;
  const std::vector<float> expected = reference.state().parameters;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 0.01 * 1e-3 * static_cast<double>(steps)) << i;
  }
}

/// Ingredients of training that change the gradient, one by one and together.
std::vector<EngineSettings> rich_settings(const Shape& shape) {
  std::vector<EngineSettings> all;
  for (const ActivationChoice& activation : kActivations) {
    for (const double dropout : {0.0, 0.3}) {
      EngineSettings settings = settings_for(shape);
      settings.network = {shape.features, shape.hidden, shape.classes, activation.value};
      settings.seed = 3;
      settings.regularization = {.dropout = dropout, .label_smoothing = dropout / 3};
      all.push_back(settings);
    }
  }
  EngineSettings taught = settings_for(shape);
  taught.regularization.label_smoothing = 0.1;
  taught.teacher = {.models = {"its.safetensors"}, .weight = 0.75, .temperature = 3};
  all.push_back(taught);
  const auto add = [&](const OptimizerSettings& optimizer, double ema_decay = 0) {
    EngineSettings settings = settings_for(shape);
    settings.optimizer = optimizer;
    settings.regularization.ema_decay = ema_decay;
    all.push_back(settings);
  };
  for (const OptimizerChoice& row : kOptimizers) {
    add({.name = row.value}, 0.99);
    add({.name = row.value, .clip_norm = 0.05});
    if (row.has_weight_decay) {
      add({.name = row.value, .weight_decay = 0.1});
    }
    if (row.has_momentum) {
      add({.name = row.value, .momentum = 0.9, .clip_norm = 0.05});
      add({.name = row.value, .momentum = 0.9, .nesterov = true}, 0.5);
    }
  }
  return all;
}

TEST_P(EngineContract, GradientsWithEveryIngredientAreTheReferences) {
  const Shape shape{33, {31, 17}, 10, 29};
  const SmallData data(shape.batch, shape.features, shape.classes);
  for (const EngineSettings& settings : rich_settings(shape)) {
    const auto engine = make_engine(settings);
    ReferenceEngine<double> reference(settings);
    SmallTeacher teacher(shape.classes, shape.batch);
    engine->set_soft_labels(teacher);
    reference.set_soft_labels(teacher);
    TrainingState state = initial_state(settings.network, 1);
    state.step = 1234;  // masks differ from step to step
    engine->set_state(state);
    reference.set_state(state);
    const std::vector<float> actual = engine->gradients(data.view(), data.all());
    const std::vector<float> expected = reference.gradients(data.view(), data.all());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      // As above, with 33 + 31 + 29 terms of at most 1, and a few eps of the activations.
      ASSERT_NEAR(actual[i], expected[i], 100 * std::numeric_limits<float>::epsilon()) << i;
    }
  }
}

TEST_P(EngineContract, TrainingWithEveryIngredientIsTheReferences) {
  const Shape shape{33, {31, 17}, 10, 8};
  const SmallData data(400, shape.features, shape.classes);
  for (const EngineSettings& settings : rich_settings(shape)) {
    const auto engine = make_engine(settings);
    ReferenceEngine<double> reference(settings);
    SmallTeacher teacher(shape.classes, shape.batch);
    engine->set_soft_labels(teacher);
    reference.set_soft_labels(teacher);
    RunningMetrics metrics;
    RunningMetrics expected;
    engine->train(data.view(), data.all(), metrics, keep_going);
    reference.train(data.view(), data.all(), expected, keep_going);
    EXPECT_NEAR(metrics.loss(), expected.loss(), 1e-4 * expected.loss());
    const std::vector<float> probabilities = engine->predict(data.view(), data.all());
    const std::vector<float> expected_probabilities = reference.predict(data.view(), data.all());
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      ASSERT_NEAR(probabilities[i], expected_probabilities[i], 1e-3) << i;
    }
    const TrainingState state = engine->state();
    const TrainingState expected_state = reference.state();
    ASSERT_EQ(state.ema.size(), expected_state.ema.size());
    for (std::size_t i = 0; i < state.parameters.size(); ++i) {
      // 1 % of what 50 steps of Adam can move a parameter.
      ASSERT_NEAR(state.parameters[i], expected_state.parameters[i], 0.01 * 1e-3 * 50) << i;
      ASSERT_NEAR(state.eval_parameters()[i], expected_state.eval_parameters()[i], 0.01 * 1e-3 * 50)
          << i;
    }
  }
}

TEST_P(EngineContract, DistortsTheSameImagesAsTheReference) {
  const Shape shape{784, {20}, 10, 7};
  const SmallData data(100, shape.features, shape.classes);
  EngineSettings settings = settings_for(shape);
  settings.seed = 3;
  settings.augmentation = {
      .rotation = 20, .scale = 0.2, .shear = 0.2, .shift = 3, .elastic = 1, .elastic_sigma = 4};
  const auto engine = make_engine(settings);
  ReferenceEngine<double> reference(settings);
  RunningMetrics metrics;
  RunningMetrics expected;
  RunningMetrics undistorted;
  engine->train(data.view(), data.all(), metrics, keep_going);
  reference.train(data.view(), data.all(), expected, keep_going);
  make_engine(settings_for(shape))->train(data.view(), data.all(), undistorted, keep_going);
  EXPECT_NEAR(metrics.loss(), expected.loss(), 1e-5 * expected.loss());
  EXPECT_GT(std::abs(metrics.loss() - undistorted.loss()), 1e-3 * expected.loss());
  const std::vector<float> actual_moments = engine->state().moments[0];
  const std::vector<float> expected_moments = reference.state().moments[0];
  for (std::size_t i = 0; i < actual_moments.size(); ++i) {
    ASSERT_NEAR(actual_moments[i], expected_moments[i], 1e-5) << i;
  }
}

TEST_P(EngineContract, ShortLastBatchIsItsOwnMean) {
  const Shape shape{13, {7}, 10, 4};
  const SmallData data(7, shape.features, shape.classes);
  const auto engine = make_engine(settings_for(shape));
  ReferenceEngine<double> reference(settings_for(shape));
  RunningMetrics metrics;
  RunningMetrics expected;
  engine->train(data.view(), data.all(), metrics, keep_going);
  reference.train(data.view(), data.all(), expected, keep_going);
  EXPECT_EQ(metrics.samples, 7U);
  EXPECT_EQ(metrics.correct, expected.correct);
  EXPECT_NEAR(metrics.loss(), expected.loss(), 1e-6);
  const TrainingState state = engine->state();
  const TrainingState expected_state = reference.state();
  EXPECT_EQ(state.step, 2U);
  const std::vector<float>& moments = state.moments.at(0);
  for (std::size_t i = 0; i < moments.size(); ++i) {
    EXPECT_NEAR(moments[i], expected_state.moments.at(0)[i], 1e-7);
  }
}

TEST_P(EngineContract, SameStartSameBits) {
  const Shape shape{784, {128, 64}, 10, 32};
  const SmallData data(500, shape.features, shape.classes);
  std::vector<TrainingState> states;
  for (int run = 0; run < 2; ++run) {
    const auto engine = make_engine(settings_for(shape));
    RunningMetrics metrics;
    engine->train(data.view(), data.all(), metrics, keep_going);
    states.push_back(engine->state());
  }
  EXPECT_EQ(states[0], states[1]);
}

void EngineContract::expect_same_bits_when_stopped(const EngineSettings& settings,
                                                   const SmallData& data) const {
  const auto whole = make_engine(settings);
  RunningMetrics expected;
  whole->train(data.view(), data.all(), expected, keep_going);

  const auto engine = make_engine(settings);
  RunningMetrics metrics;
  int calls = 0;
  while (metrics.samples < data.labels.size()) {
    engine->train(data.view(), data.all(), metrics,
                  [&calls](const RunningMetrics& /*running*/) { return ++calls % 3 != 0; });
    ASSERT_TRUE(metrics.samples % settings.batch_size == 0 ||
                metrics.samples == data.labels.size());
    const TrainingState state = engine->state();
    engine->set_state(initial_state(settings.network, 7));
    engine->set_state(state);
  }
  EXPECT_EQ(metrics, expected);
  EXPECT_EQ(engine->state(), whole->state());
}

TEST_P(EngineContract, StoppedAndResumedAtAnyPlaceGivesTheSameBits) {
  const SmallData data(1611, 20, 10);  // many chunks of 64 batches
  expect_same_bits_when_stopped(settings_for({20, {9}, 10, 4}), data);
}

TEST_P(EngineContract, StoppedAndResumedWithAugmentationGivesTheSameBits) {
  const SmallData data(611, 784, 10);
  EngineSettings settings = settings_for({784, {9}, 10, 4});
  settings.augmentation = {.rotation = 20, .elastic = 1};
  settings.regularization = {.dropout = 0.2, .ema_decay = 0.9};
  expect_same_bits_when_stopped(settings, data);
}

TEST_P(EngineContract, TellsOfProgressInOrderAndToTheEnd) {
  const Shape shape{20, {9}, 10, 4};
  const SmallData data(900, shape.features, shape.classes);
  const auto engine = make_engine(settings_for(shape));
  std::vector<std::uint64_t> samples;
  RunningMetrics metrics;
  engine->train(data.view(), data.all(), metrics, [&samples](const RunningMetrics& running) {
    EXPECT_TRUE(std::isfinite(running.loss()));
    samples.push_back(running.samples);
    return true;
  });
  EXPECT_TRUE(std::ranges::is_sorted(samples));
  EXPECT_EQ(samples.back(), 900U);
  EXPECT_EQ(metrics.samples, 900U);
}

TEST_P(EngineContract, ScoresAreThoseOfItsPredictions) {
  const Shape shape{13, {7}, 10, 4};
  const SmallData data(5000, shape.features, shape.classes);  // several blocks of predictions
  const auto engine = make_engine(settings_for(shape));
  const Scores scores = engine->score(data.view(), data.all());
  const Scores expected = engine->Engine::score(data.view(), data.all());
  ASSERT_EQ(scores.images.size(), expected.images.size());
  for (std::size_t i = 0; i < scores.images.size(); ++i) {
    ASSERT_EQ(scores.images[i].predicted, expected.images[i].predicted) << i;
    ASSERT_EQ(scores.images[i].confidence, expected.images[i].confidence) << i;
    // The logarithms of two libraries may differ in the last bits of a number below 100.
    ASSERT_NEAR(scores.images[i].loss, expected.images[i].loss, 1e-5) << i;
  }
  EXPECT_EQ(scores.confusion, expected.confusion);
  EXPECT_NEAR(scores.loss_sum, expected.loss_sum, 1e-6 * expected.loss_sum);
}

TEST_P(EngineContract, GapsOfTheArenaStayZero) {
  const Shape shape{5, {3}, 2, 4};
  const SmallData data(40, shape.features, shape.classes);
  const auto engine = make_engine(settings_for(shape));
  RunningMetrics metrics;
  engine->train(data.view(), data.all(), metrics, keep_going);
  TrainingState state = engine->state();
  for (const Tensor& tensor : settings_for(shape).network.tensors()) {
    std::fill_n(state.parameters.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.size,
                0.0F);
  }
  EXPECT_EQ(state.parameters, std::vector<float>(state.parameters.size()));
}

TEST_P(EngineContract, GradientsAndPredictionsChangeNothing) {
  const Shape shape{13, {7}, 10, 4};
  const SmallData data(600, shape.features, shape.classes);  // more than a block of predictions
  const auto engine = make_engine(settings_for(shape));
  const TrainingState before = engine->state();
  const std::vector<float> all = engine->predict(data.view(), data.all());
  const std::vector<std::uint32_t> batch{5, 0, 599};
  (void)engine->gradients(data.view(), batch);
  EXPECT_EQ(engine->state(), before);
  const std::vector<std::uint32_t> one{599};
  const std::vector<float> last = engine->predict(data.view(), one);
  for (std::size_t c = 0; c < shape.classes; ++c) {
    EXPECT_NEAR(last[c], all[599 * shape.classes + c], 1e-6);
  }
}

}  // namespace
}  // namespace qmnist
