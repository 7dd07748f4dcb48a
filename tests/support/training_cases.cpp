#include "tests/support/training_cases.h"

#include <array>
#include <span>

#include "host/data/sha256.h"
#include "kernels/distort.h"
#include "tests/support/small_data.h"
#include "tests/support/small_teacher.h"

namespace qmnist::test {
namespace {

constexpr std::size_t kPixels = std::size_t{kDistortSide} * kDistortSide;

Network network(std::size_t inputs, const std::vector<std::size_t>& hidden,
                Activation activation = Activation::kRelu) {
  return {inputs, hidden, 10, activation};
}

std::string digest_of(std::span<const std::span<const float>> arrays) {
  Sha256 sum;
  for (const std::span<const float> array : arrays) {
    sum.add(std::as_bytes(array));
  }
  return sum.digest().substr(0, 16);
}

std::string digest_of(const RunningMetrics& metrics) {
  const std::array values{metrics.loss_sum, static_cast<double>(metrics.correct)};
  Sha256 sum;
  sum.add(std::as_bytes(std::span(values)));
  return sum.digest().substr(0, 16);
}

}  // namespace

void PrintTo(const TrainingCase& training, std::ostream* stream) {
  *stream << training.name;
}

std::vector<TrainingCase> training_cases() {
  return {
      {.name = "baseline",
       .settings = {.network = network(kPixels, {128, 64}), .optimizer = {}, .batch_size = 32},
       .samples = 330,
       .digests = "2fc5b52e79327d07 a4f6f47f3a51e92c 5b4ff7a5ce64f9e4"},
      {.name = "no_hidden_layer",
       .settings = {.network = network(50, {}), .optimizer = {}, .batch_size = 7},
       .samples = 60,
       .digests = "a15d08bd0d278b0c c86d1a2e5a9f6d12 f57bef1dd9b53a90"},
      {.name = "wide",
       .settings = {.network = network(100, {300, 257}), .optimizer = {}, .batch_size = 130},
       .samples = 400,
       .digests = "cb2b2e933c99cfc3 51423baf8dba23fb 479beedc51bc8c5f"},
      {.name = "deep_and_wide",
       .settings = {.network = network(70, {140, 150, 129, 40}),
                    .optimizer = {.name = OptimizerName::kSgd,
                                  .learning_rate = 0.05,
                                  .momentum = 0.9,
                                  .weight_decay = 0.001,
                                  .clip_norm = 1},
                    .batch_size = 75,
                    .regularization = {.dropout = 0.2, .ema_decay = 0.99}},
       .samples = 300,
       .digests = "c0f2cb416a69c297 65e43597b0abbae6 70e165481cbfbd4f"},
      {.name = "tanh_nesterov",
       .settings = {.network = network(33, {31, 17, 5}, Activation::kTanh),
                    .optimizer = {.name = OptimizerName::kSgd,
                                  .learning_rate = 0.05,
                                  .momentum = 0.9,
                                  .nesterov = true},
                    .batch_size = 33},
       .samples = 150,
       .digests = "b90127476762800c 49717d807c162888 39c1f4cc917c1959"},
      {.name = "leaky_relu_momentum",
       .settings = {.network = network(70, {40}, Activation::kLeakyRelu),
                    .optimizer = {.name = OptimizerName::kSgd,
                                  .learning_rate = 0.05,
                                  .momentum = 0.8,
                                  .weight_decay = 0.001,
                                  .clip_norm = 0.2},
                    .batch_size = 64},
       .samples = 200,
       .digests = "e9006eea652a9dc9 44f57387f14969b9 ad9a14cf9332471d"},
      {.name = "dropout",
       .settings = {.network = network(70, {65, 30}),
                    .optimizer = {},
                    .batch_size = 16,
                    .regularization = {.dropout = 0.3}},
       .samples = 130,
       .digests = "3cd31ce38aca411a 75515f9083baee98 8337c17944a84207"},
      {.name = "slices",
       .settings = {.network = network(kPixels, {128, 64}),
                    .optimizer = {},
                    .batch_size = 130,
                    .slices = 4},
       .samples = 400,
       .digests = "1b72c7ff230e4b1b baffa63e2bd849e9 d17f217116765f27"},
      {.name = "slices_and_clipping",
       .settings = {.network = network(70, {65, 30}, Activation::kGelu),
                    .optimizer = {.name = OptimizerName::kAdamW,
                                  .weight_decay = 0.01,
                                  .clip_norm = 0.5},
                    .batch_size = 31,
                    .slices = 3,
                    .regularization = {.dropout = 0.2, .ema_decay = 0.99, .label_smoothing = 0.1}},
       .samples = 64,
       .digests = "adce0c57b79dab3a 1689bdb6ff1474e7 f21441467f761367"},
      {.name = "teacher",
       .settings = {.network = network(70, {65, 30}),
                    .optimizer = {},
                    .batch_size = 31,
                    .regularization = {.label_smoothing = 0.1},
                    .teacher = {.models = {"its.safetensors"}, .weight = 0.75, .temperature = 3}},
       .samples = 200,
       .digests = "829f0ea9e4706cd1 7907e7f36443afac d0ee6b2a5e78c4c2"},
      {.name = "everything",
       .settings = {.network = network(kPixels, {70, 33}, Activation::kGelu),
                    .optimizer = {.name = OptimizerName::kAdamW,
                                  .weight_decay = 0.01,
                                  .clip_norm = 0.5},
                    .batch_size = 31,
                    .augmentation = {.rotation = 10,
                                     .scale = 0.1,
                                     .shear = 0.1,
                                     .shift = 2,
                                     .elastic = 1.5,
                                     .elastic_sigma = 5},
                    .regularization = {.dropout = 0.2, .ema_decay = 0.99, .label_smoothing = 0.1},
                    .schedule = {.settings = {.name = ScheduleName::kOneCycle},
                                 .epochs = 1,
                                 .steps_per_epoch = 7}},
       .samples = 200,
       .digests = "59621f693f4faa62 ca9efaa69f56ce1d 9c80d8038f9befdb"},
  };
}

std::vector<TrainingCase> sliced_training_cases() {
  std::vector<TrainingCase> cases = training_cases();
  for (TrainingCase& of_case : cases) {
    of_case.settings.slices = 12;
  }
  return cases;
}

std::string train_case(Engine& engine, const TrainingCase& training) {
  const SmallData data(training.samples, training.settings.network.inputs(), 10);
  SmallTeacher teacher(10, training.settings.batch_size);
  engine.set_soft_labels(teacher);
  engine.set_state(initial_state(training.settings.network, 3));
  RunningMetrics metrics;
  engine.train(data.view(), data.all(), metrics, [](const RunningMetrics&) { return true; });
  const TrainingState state = engine.state();
  const std::vector<float> probabilities = engine.predict(data.view(), data.all());
  const std::array<std::span<const float>, 1> predicted{probabilities};
  return digest_of(state.arenas()) + " " + digest_of(metrics) + " " + digest_of(predicted);
}

}  // namespace qmnist::test
