#include "tests/kernels/launcher.h"  // before any kernel

#include "kernels/weight_update.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

using Values = std::vector<float>;

/// A layer's place in arenas that have gaps, and what its gradient is computed from.
struct Layer {
  std::size_t inputs;
  std::size_t outputs;
  std::size_t weight_at;
  std::size_t bias_at;
  Values activations{};
  Values deltas{};
};

struct Net {
  std::size_t rows;
  std::vector<Layer> layers;
  std::size_t arena;
};

/// @param sizes inputs, then the outputs of each layer
Net make_net(std::size_t rows, const std::vector<std::size_t>& sizes) {
  Net net{rows, {}, 3};
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    Layer layer{.inputs = sizes[l], .outputs = sizes[l + 1], .weight_at = net.arena, .bias_at = 0};
    layer.bias_at = layer.weight_at + layer.inputs * layer.outputs + 5;
    net.arena = layer.bias_at + layer.outputs + 5;
    layer.activations = test::fine_values(rows * layer.inputs, 1, -2, 1);
    for (float& activation : layer.activations) {
      activation = activation < 0 ? 0 : activation;
    }
    layer.deltas = test::fine_values(rows * layer.outputs, 2, -1, 1);
    net.layers.push_back(layer);
  }
  return net;
}

/// Gradients in the contract's order; what is not a parameter's stays untouched.
Values expected_gradients(const Net& net) {
  Values gradients(net.arena, test::kUntouched);
  for (const Layer& layer : net.layers) {
    for (std::size_t j = 0; j < layer.outputs; ++j) {
      float of_bias = 0;
      for (std::size_t row = 0; row < net.rows; ++row) {
        of_bias = of_bias + layer.deltas[row * layer.outputs + j];
      }
      gradients[layer.bias_at + j] = of_bias;
      for (std::size_t k = 0; k < layer.inputs; ++k) {
        float g = 0;
        for (std::size_t row = 0; row < net.rows; ++row) {
          const float x = layer.activations[row * layer.inputs + k];
          if (&layer != net.layers.data() || x != 0) {
            g = mul_add(x, layer.deltas[row * layer.outputs + j], g);
          }
        }
        gradients[layer.weight_at + k * layer.outputs + j] = g;
      }
    }
  }
  return gradients;
}

constexpr DeviceMetrics kBefore = {.loss_sum = 1.5, .correct = 1'000'000'000'000};

/// Arenas of parameters, moments and averages, in one.
struct State {
  Values parameters;
  std::vector<Values> moments;
  Values ema;
};

State make_state(std::size_t arena, std::size_t moments, bool has_ema) {
  State state{test::fine_values(arena, 5, -1, 1), {}, {}};
  for (unsigned i = 0; i < moments; ++i) {
    state.moments.push_back(test::fine_values(arena, 6 + i, 0, 1));
  }
  state.ema = has_ema ? test::fine_values(arena, 9, -1, 1) : Values();
  return state;
}

template <OptimizerName kName>
void step_state(const OptimizerStep<float>& step, const Values& gradients, State& state) {
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (gradients[i] == test::kUntouched) {
      continue;
    }
    std::array<float, kMaxMoments> moments{};
    for (std::size_t m = 0; m < state.moments.size(); ++m) {
      moments[m] = state.moments[m][i];
    }
    optimizer_update<kName>(step, gradients[i], state.parameters[i], moments.data());
    for (std::size_t m = 0; m < state.moments.size(); ++m) {
      state.moments[m][i] = moments[m];
    }
    if (!state.ema.empty()) {
      ema_update(step, state.parameters[i], state.ema[i]);
    }
  }
}

class WeightUpdateKernelTest : public test::KernelTest {
 protected:
  /// Runs the kernel with one use of the gradients; checks the metrics.
  void update(const Net& net, const GradientUse& use) {
    std::vector<test::Array<float>> operands;
    UpdateLayers layers;
    for (const Layer& layer : net.layers) {
      const float* inputs = operands.emplace_back(layer.activations).data();
      const float* deltas = operands.emplace_back(layer.deltas).data();
      layers.add({.inputs = inputs,
                  .deltas = deltas,
                  .input_count = layer.inputs,
                  .output_count = layer.outputs,
                  .weight_at = layer.weight_at,
                  .bias_at = layer.bias_at,
                  .skips_zeros = &layer == net.layers.data(),
                  .is_bias_only = &layer == bias_only_});
    }
    const Values row_losses = test::fine_values(net.rows, 4, 0, 10);
    const std::vector<std::uint8_t> row_correct = test::bytes(net.rows, 5, 2);
    test::Array losses(row_losses);
    test::Array correct(row_correct);
    test::Array metrics(std::vector<DeviceMetrics>{kBefore});
    run([&](cudaStream_t stream) {
      return launch_weight_update(stream, layers, use,
                                  {losses.data(), correct.data(), metrics.data()}, net.rows);
    });
    DeviceMetrics expected = kBefore;
    for (std::size_t row = 0; row < net.rows; ++row) {
      expected.loss_sum += static_cast<double>(row_losses[row]);
      expected.correct += row_correct[row];
    }
    EXPECT_EQ(metrics.values().front().loss_sum, expected.loss_sum) << net.rows << " rows";
    EXPECT_EQ(metrics.values().front().correct, expected.correct) << net.rows << " rows";
  }

  Values gradients_of(const Net& net) {
    test::Array gradients(Values(net.arena, test::kUntouched));
    update(net, {.gradients = gradients.data()});
    return gradients.values();
  }

  template <OptimizerName kName>
  void compare_step(const OptimizerSettings& settings, double ema_decay) {
    const Net net = make_net(33, {70, 33, 10});
    const auto scalars = optimizer_scalars<float>(settings, 1e-2, 3, ema_decay);
    State state = make_state(net.arena, kMomentCount<kName>, ema_decay > 0);
    test::Array step(std::vector<OptimizerStep<float>>{scalars});
    test::Array parameters(state.parameters);
    test::Array ema(state.ema);
    std::vector<test::Array<float>> moments;
    GradientUse use{.optimizer = kName, .step = step.data(), .parameters = parameters.data()};
    for (std::size_t i = 0; i < state.moments.size(); ++i) {
      use.moments[i] = moments.emplace_back(state.moments[i]).data();
    }
    use.ema = ema_decay > 0 ? ema.data() : nullptr;
    update(net, use);
    step_state<kName>(scalars, expected_gradients(net), state);
    EXPECT_EQ(parameters.values(), state.parameters);
    EXPECT_EQ(ema.values(), state.ema);
    for (std::size_t i = 0; i < state.moments.size(); ++i) {
      EXPECT_EQ(moments[i].values(), state.moments[i]) << i;
    }
  }

  const Layer* bias_only_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Kernels, WeightUpdateKernelTest, test::ways(), test::name_of);

TEST_P(WeightUpdateKernelTest, SumsGradientsOverTheRowsInTheirOrder) {
  for (const std::size_t rows : test::Sizes{1, 3, 31, 32, 33, 130}) {
    for (const auto& sizes : {test::Sizes{1, 1}, test::Sizes{5, 10}, test::Sizes{70, 33, 64, 10}}) {
      const Net net = make_net(rows, sizes);
      EXPECT_EQ(gradients_of(net), expected_gradients(net)) << rows << " rows";
    }
  }
  const Net baseline = make_net(32, {784, 128, 64, 10});
  EXPECT_EQ(gradients_of(baseline), expected_gradients(baseline));
}

TEST_P(WeightUpdateKernelTest, AddsTheMetricsOfManyRowsInTheirOrder) {
  gradients_of(make_net(2 * kUpdateThreads + 1, {1, 1}));
}

TEST_P(WeightUpdateKernelTest, LeavesOutRowsWhosePixelIsZeroEvenIfTheirDeltasAreInfinite) {
  Net net = make_net(3, {1, 1});
  net.layers[0].activations = {0.5F, 0, 0.25F};
  net.layers[0].deltas = {1, std::numeric_limits<float>::infinity(), 2};
  EXPECT_EQ(gradients_of(net)[net.layers[0].weight_at], 1);
}

TEST_P(WeightUpdateKernelTest, LeavesWeightsToOthersWhereOnlyTheBiasIsWanted) {
  const Net net = make_net(33, {20, 40, 10});
  bias_only_ = net.layers.data() + 1;
  Values expected = expected_gradients(net);
  std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(bias_only_->weight_at), 400,
              test::kUntouched);
  EXPECT_EQ(gradients_of(net), expected);
}

TEST_P(WeightUpdateKernelTest, TakesTheStepOfEachOptimizer) {
  compare_step<OptimizerName::kAdam>({}, 0);
  compare_step<OptimizerName::kAdamW>({.name = OptimizerName::kAdamW, .weight_decay = 0.1}, 0.99);
  compare_step<OptimizerName::kSgd>({.name = OptimizerName::kSgd}, 0);
  compare_step<OptimizerName::kSgd>(
      {.name = OptimizerName::kSgd, .momentum = 0.9, .nesterov = true, .weight_decay = 0.1}, 0.5);
}

}  // namespace
}  // namespace qmnist
