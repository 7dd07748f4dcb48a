#include "tests/kernels/launcher.h"  // before any kernel

#include "kernels/tile_layer.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

using Values = std::vector<float>;

struct Layer {
  std::size_t rows;
  std::size_t inputs;
  std::size_t outputs;
  Values activations;  ///< [rows, inputs]
  Values derivatives;  ///< [rows, inputs]
  Values weights;      ///< [inputs, outputs]
  Values bias;
  Values deltas;  ///< [rows, outputs]
};

Layer make_layer(std::size_t rows, std::size_t inputs, std::size_t outputs) {
  return {rows,
          inputs,
          outputs,
          test::fine_values(rows * inputs, 1, -1, 1),
          test::fine_values(rows * inputs, 2, -1, 1),
          test::fine_values(inputs * outputs, 3, -1, 1),
          test::fine_values(outputs, 4, -1, 1),
          test::fine_values(rows * outputs, 5, -1, 1)};
}

Values expected_sums(const Layer& layer) {
  Values sums;
  for (std::size_t row = 0; row < layer.rows; ++row) {
    for (std::size_t j = 0; j < layer.outputs; ++j) {
      float s = 0;
      for (std::size_t k = 0; k < layer.inputs; ++k) {
        s = mul_add(layer.activations[row * layer.inputs + k], layer.weights[k * layer.outputs + j],
                    s);
      }
      sums.push_back(s + layer.bias[j]);
    }
  }
  return sums;
}

Values expected_deltas(const Layer& layer) {
  Values deltas;
  for (std::size_t row = 0; row < layer.rows; ++row) {
    for (std::size_t k = 0; k < layer.inputs; ++k) {
      float s = 0;
      for (std::size_t j = 0; j < layer.outputs; ++j) {
        s = mul_add(layer.deltas[row * layer.outputs + j], layer.weights[k * layer.outputs + j], s);
      }
      deltas.push_back(layer.derivatives[row * layer.inputs + k] * s);
    }
  }
  return deltas;
}

Values expected_gradients(const Layer& layer) {
  Values gradients;
  for (std::size_t k = 0; k < layer.inputs; ++k) {
    for (std::size_t j = 0; j < layer.outputs; ++j) {
      float g = 0;
      for (std::size_t row = 0; row < layer.rows; ++row) {
        g = mul_add(layer.activations[row * layer.inputs + k],
                    layer.deltas[row * layer.outputs + j], g);
      }
      gradients.push_back(g);
    }
  }
  return gradients;
}

std::vector<Layer> shapes() {
  std::vector<Layer> layers;
  for (const std::size_t rows : test::Sizes{1, 3, 31, 32, 33, 130}) {
    for (const std::size_t inputs : test::Sizes{1, 5, 16, 70, 200}) {
      for (const std::size_t outputs : test::Sizes{1, 10, 33, 64}) {
        layers.push_back(make_layer(rows, inputs, outputs));
      }
    }
  }
  return layers;
}

class TileLayerKernelTest : public test::KernelTest {
 protected:
  /// Activations, then derivatives.
  std::array<Values, 2> forward(const Layer& layer, const ActivationParams* units,
                                const RowRandom* random) {
    test::Array inputs(layer.activations);
    test::Array weights(layer.weights);
    test::Array bias(layer.bias);
    test::Array activations(Values(layer.rows * layer.outputs, test::kUntouched));
    test::Array derivatives(Values(layer.rows * layer.outputs, test::kUntouched));
    StepParams params;
    if (units != nullptr && random != nullptr) {
      params.random = *random;
      params.dropout = units->dropout;
    }
    test::Array step(std::vector{params});
    run([&](cudaStream_t stream) {
      return launch_tile_forward(
          stream,
          {.inputs = inputs.data(),
           .weights = weights.data(),
           .bias = bias.data(),
           .activations = activations.data(),
           .derivatives = derivatives.data(),
           .input_count = layer.inputs,
           .output_count = layer.outputs,
           .is_last = units == nullptr,
           .activation = units == nullptr ? Activation::kRelu : units->activation,
           .index = units == nullptr ? 0 : units->layer,
           .step = random == nullptr ? nullptr : step.data()},
          layer.rows);
    });
    return {activations.values(), derivatives.values()};
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, TileLayerKernelTest, test::ways(), test::name_of);

TEST_P(TileLayerKernelTest, ForwardAddsInputsInTheirOrder) {
  for (const Layer& layer : shapes()) {
    EXPECT_EQ(forward(layer, nullptr, nullptr)[0], expected_sums(layer))
        << layer.rows << " x " << layer.inputs << " x " << layer.outputs;
  }
}

TEST_P(TileLayerKernelTest, ForwardAppliesActivationAndDropout) {
  const Layer layer = make_layer(33, 70, 65);
  const Values sums = expected_sums(layer);
  const RowRandom random{.step = 5, .row = 0, .seed = 3};
  const ActivationParams units{Activation::kLeakyRelu, Dropout(0.3), 2};
  const auto [activations, derivatives] = forward(layer, &units, &random);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const HiddenUnit unit = hidden_unit(units, &random, i / 65, i % 65, sums[i]);
    ASSERT_EQ(activations[i], unit.activation) << i;
    ASSERT_EQ(derivatives[i], unit.derivative) << i;
  }
}

TEST_P(TileLayerKernelTest, BackwardAddsOutputsInTheirOrder) {
  for (const Layer& layer : shapes()) {
    test::Array deltas(layer.deltas);
    test::Array weights(layer.weights);
    test::Array derivatives(layer.derivatives);
    test::Array below(Values(layer.rows * layer.inputs, test::kUntouched));
    run([&](cudaStream_t stream) {
      return launch_tile_backward(stream, deltas.data(), weights.data(), derivatives.data(),
                                  below.data(), layer.rows, layer.inputs, layer.outputs);
    });
    EXPECT_EQ(below.values(), expected_deltas(layer))
        << layer.rows << " x " << layer.inputs << " x " << layer.outputs;
  }
}

TEST_P(TileLayerKernelTest, GradientsAddRowsInTheirOrder) {
  constexpr std::size_t kWeightAt = 3;
  for (const Layer& layer : shapes()) {
    test::Array inputs(layer.activations);
    test::Array deltas(layer.deltas);
    test::Array gradients(Values(layer.inputs * layer.outputs + kWeightAt, test::kUntouched));
    run([&](cudaStream_t stream) {
      return launch_tile_update(stream, inputs.data(), deltas.data(),
                                {.gradients = gradients.data()}, kWeightAt, layer.rows,
                                layer.inputs, layer.outputs);
    });
    Values expected(kWeightAt, test::kUntouched);
    const Values of_weights = expected_gradients(layer);
    expected.insert(expected.end(), of_weights.begin(), of_weights.end());
    EXPECT_EQ(gradients.values(), expected)
        << layer.rows << " x " << layer.inputs << " x " << layer.outputs;
  }
}

TEST_P(TileLayerKernelTest, UpdateTakesTheStepOfTheOptimizer) {
  const Layer layer = make_layer(33, 40, 35);
  const auto scalars = optimizer_scalars<float>({.momentum = 0.9}, 1e-2, 3, 0.9);
  const Values start = layer.weights;
  Values velocity = test::fine_values(start.size(), 7, -1, 1);
  Values average = test::fine_values(start.size(), 8, -1, 1);
  test::Array inputs(layer.activations);
  test::Array deltas(layer.deltas);
  test::Array step(std::vector<OptimizerStep<float>>{scalars});
  test::Array parameters(start);
  test::Array moments(velocity);
  test::Array ema(average);
  run([&](cudaStream_t stream) {
    return launch_tile_update(stream, inputs.data(), deltas.data(),
                              {.optimizer = OptimizerName::kSgd,
                               .step = step.data(),
                               .parameters = parameters.data(),
                               .moments = {moments.data()},
                               .ema = ema.data()},
                              0, layer.rows, layer.inputs, layer.outputs);
  });
  const Values gradients = expected_gradients(layer);
  Values expected = start;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    optimizer_update<OptimizerName::kSgd>(scalars, gradients[i], expected[i], &velocity[i]);
    ema_update(scalars, expected[i], average[i]);
  }
  EXPECT_EQ(parameters.values(), expected);
  EXPECT_EQ(moments.values(), velocity);
  EXPECT_EQ(ema.values(), average);
}

}  // namespace
}  // namespace qmnist
