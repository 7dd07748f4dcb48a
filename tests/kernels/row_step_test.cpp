#include "tests/kernels/launcher.h"  // before any kernel

#include <algorithm>

#include "kernels/row_step.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

using Values = std::vector<float>;

/// A network from some layer on; layer 0 is computed elsewhere.
struct Net {
  std::size_t rows;
  std::vector<std::size_t> outputs;
  std::vector<Values> weights{};  ///< of each layer [outputs below, outputs]; none of layer 0
  std::vector<Values> bias{};
  Values activations{};  ///< of layer 0
  Values derivatives{};
  std::vector<std::uint8_t> labels{};
  ActivationParams units{Activation::kRelu, Dropout(0.25), 2};
  RowRandom random{.step = 9, .row = 6, .seed = 4};  ///< of a first row in the midst of a batch
  LossParams<float> loss{
      .label_smoothing = 0.125F, .teacher_weight = 0.75F, .teacher_temperature = 3};
  Values soft_labels{};  ///< [rows, classes], or none
  [[nodiscard]] std::size_t batch_rows() const { return rows + 11; }
};

Net make_net(std::size_t rows, const std::vector<std::size_t>& outputs) {
  Net net{.rows = rows, .outputs = outputs};
  net.activations = test::fine_values(rows * outputs[0], 1, -1, 1);
  net.derivatives = test::fine_values(rows * outputs[0], 2, -1, 1);
  net.labels = test::bytes(rows, 3, outputs.back());
  net.weights.resize(1);
  net.bias.resize(1);
  for (unsigned l = 1; l < outputs.size(); ++l) {
    net.weights.push_back(test::fine_values(outputs[l - 1] * outputs[l], 10 + l, -1, 1));
    net.bias.push_back(test::fine_values(outputs[l], 20 + l, -1, 1));
  }
  return net;
}

struct Result {
  std::vector<Values> activations{};  ///< of each layer, with layer 0's as they were
  std::vector<Values> deltas{};       ///< of each layer
  Values losses;
  std::vector<std::uint8_t> correct;
  Values probabilities;
};

Values row_of(const Values& values, std::size_t row, std::size_t columns) {
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(row * columns);
  return {first, first + static_cast<std::ptrdiff_t>(columns)};
}

void append(Values& values, const Values& more) {
  values.insert(values.end(), more.begin(), more.end());
}

/// One row by plain loops in the contract's order.
class Row {
 public:
  Row(const Net& net, std::size_t row)
      : net_(net),
        last_(net.outputs.size() - 1),
        activations_{row_of(net.activations, row, net.outputs[0])},
        derivatives_{last_ == 0 ? Values() : row_of(net.derivatives, row, net.outputs[0])},
        deltas_(net.outputs.size()) {}

  void forward(std::size_t row, bool trains) {
    for (std::size_t l = 1; l <= last_; ++l) {
      ActivationParams units = net_.units;
      units.layer += l;
      Values activations;
      Values derivatives;
      for (std::size_t j = 0; j < net_.outputs[l]; ++j) {
        float s = 0;
        for (std::size_t k = 0; k < net_.outputs[l - 1]; ++k) {
          s = mul_add(activations_[l - 1][k], net_.weights[l][k * net_.outputs[l] + j], s);
        }
        const float z = s + net_.bias[l][j];
        const HiddenUnit unit =
            l == last_ ? HiddenUnit{z, 1}
                       : hidden_unit(units, trains ? &net_.random : nullptr, row, j, z);
        activations.push_back(unit.activation);
        derivatives.push_back(unit.derivative);
      }
      activations_.push_back(activations);
      derivatives_.push_back(derivatives);
    }
  }

  void backward(std::size_t row, Result& result) {
    const std::size_t classes = net_.outputs[last_];
    deltas_[last_].resize(classes);
    const Values& logits = activations_[last_];
    const float* soft_labels =
        net_.soft_labels.empty() ? nullptr : net_.soft_labels.data() + row * classes;
    result.losses.push_back(row_loss(logits.data(), classes, net_.labels[row], soft_labels,
                                     1.0F / static_cast<float>(net_.batch_rows()),
                                     deltas_[last_].data(), net_.loss));
    result.correct.push_back(argmax(logits.data(), classes) == net_.labels[row] ? 1 : 0);
    for (std::size_t l = last_; l > 0; --l) {
      for (std::size_t k = 0; k < net_.outputs[l - 1]; ++k) {
        float s = 0;
        for (std::size_t j = 0; j < net_.outputs[l]; ++j) {
          s = mul_add(deltas_[l][j], net_.weights[l][k * net_.outputs[l] + j], s);
        }
        deltas_[l - 1].push_back(derivatives_[l - 1][k] * s);
      }
    }
    for (std::size_t l = 0; l <= last_; ++l) {
      // Of the last layer, only the deltas are wanted.
      append(result.activations[l],
             l == last_ && l > 0 ? Values(classes, test::kUntouched) : activations_[l]);
      append(result.deltas[l], deltas_[l]);
    }
  }

  [[nodiscard]] Values probabilities() const {
    Values values(net_.outputs[last_]);
    softmax(activations_[last_].data(), values.size(), values.data());
    return values;
  }

 private:
  const Net& net_;
  std::size_t last_;
  std::vector<Values> activations_;
  std::vector<Values> derivatives_;
  std::vector<Values> deltas_;
};

Result expected_result(const Net& net) {
  Result result;
  result.activations.resize(net.outputs.size());
  result.deltas.resize(net.outputs.size());
  for (std::size_t r = 0; r < net.rows; ++r) {
    Row training(net, r);
    training.forward(r, true);
    training.backward(r, result);
    Row predicting(net, r);
    predicting.forward(r, false);
    append(result.probabilities, predicting.probabilities());
  }
  return result;
}

class RowStepKernelTest : public test::KernelTest {
 protected:
  /// What a step and a prediction leave.
  Result result_of(const Net& net) {
    std::vector<test::Array<float>> weights;
    std::vector<test::Array<float>> bias;
    std::vector<test::Array<float>> activations;
    std::vector<test::Array<float>> deltas;
    RowLayers training;
    RowLayers predicting;
    for (std::size_t l = 0; l < net.outputs.size(); ++l) {
      const std::size_t count = net.rows * net.outputs[l];
      weights.emplace_back(net.weights[l]);
      bias.emplace_back(net.bias[l]);
      activations.emplace_back(l == 0 ? net.activations : Values(count, test::kUntouched));
      deltas.emplace_back(Values(count, test::kUntouched));
      RowLayers::Layer layer{.outputs = net.outputs[l],
                             .weights = weights[l].data(),
                             .bias = bias[l].data(),
                             .activations = activations[l].data(),
                             .deltas = deltas[l].data()};
      training.add(layer);
      layer.deltas = nullptr;
      layer.activations = l == 0 ? layer.activations : nullptr;
      predicting.add(layer);
    }
    test::Array derivatives(net.derivatives);
    test::Array step_params(std::vector{StepParams{
        .update = {}, .random = net.random, .dropout = net.units.dropout, .loss = net.loss}});
    test::Array labels(net.labels);
    test::Array soft_labels(net.soft_labels);
    test::Array losses(Values(net.rows, test::kUntouched));
    test::Array correct(std::vector<std::uint8_t>(net.rows, 7));
    test::Array probabilities(Values(net.rows * net.outputs.back(), test::kUntouched));
    RowStep step{.layers = training,
                 .activation = net.units.activation,
                 .index = net.units.layer,
                 .derivatives = net.outputs.size() == 1 ? nullptr : derivatives.data(),
                 .step = step_params.data(),
                 .targets = {labels.data(), net.soft_labels.empty() ? nullptr : soft_labels.data()},
                 .losses = losses.data(),
                 .correct = correct.data(),
                 .batch_rows = net.batch_rows(),
                 .probabilities = nullptr};
    run([&](cudaStream_t stream) { return launch_row_step(stream, step, net.rows); });
    step = {.layers = predicting,
            .activation = net.units.activation,
            .index = net.units.layer,
            .derivatives = nullptr,
            .step = nullptr,
            .targets = {nullptr},
            .losses = nullptr,
            .correct = nullptr,
            .batch_rows = net.rows,
            .probabilities = probabilities.data()};
    run([&](cudaStream_t stream) { return launch_row_step(stream, step, net.rows); });
    Result result{.losses = losses.values(),
                  .correct = correct.values(),
                  .probabilities = probabilities.values()};
    for (std::size_t l = 0; l < net.outputs.size(); ++l) {
      result.activations.push_back(activations[l].values());
      result.deltas.push_back(deltas[l].values());
    }
    return result;
  }

  void compare(const Net& net) {
    const Result actual = result_of(net);
    const Result expected = expected_result(net);
    for (std::size_t l = 0; l < net.outputs.size(); ++l) {
      EXPECT_EQ(actual.activations[l], expected.activations[l]) << "layer " << l;
      EXPECT_EQ(actual.deltas[l], expected.deltas[l]) << "layer " << l;
    }
    EXPECT_EQ(actual.losses, expected.losses);
    EXPECT_EQ(actual.correct, expected.correct);
    EXPECT_EQ(actual.probabilities, expected.probabilities);
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, RowStepKernelTest, test::ways(), test::name_of);

TEST_P(RowStepKernelTest, KeepsTheOrderInEveryShape) {
  for (const std::size_t rows : test::Sizes{1, 3, 32, 33}) {
    compare(make_net(rows, {128, 64, 10}));
    compare(make_net(rows, {5, 1}));
    compare(make_net(rows, {1, 1, 2}));
    compare(make_net(rows, {200, 33, 10}));
    compare(make_net(rows, {31, 17, 5, 8, 9, 3, 40}));
  }
}

TEST_P(RowStepKernelTest, TakesMoreRowsThanBlocks) {
  compare(make_net(513 + 100, {7, 3}));
}

TEST_P(RowStepKernelTest, ComputesTheLossWhereNoLayerFollows) {
  compare(make_net(33, {10}));
}

TEST_P(RowStepKernelTest, LearnsSoftLabels) {
  Net net = make_net(33, {31, 17, 10});
  net.soft_labels = test::fine_values(33 * 10, 4, 0, 0.2F);
  compare(net);
}

TEST_P(RowStepKernelTest, TakesAsManyLayersAsANetworkMayHave) {
  compare(make_net(3, std::vector<std::size_t>(kMaxLayers, 8)));
}

}  // namespace
}  // namespace qmnist
