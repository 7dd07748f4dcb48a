#include "tests/kernels/launcher.h"  // before any kernel

#include "kernels/sparse_forward.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

struct Layer {
  std::size_t rows;
  std::size_t inputs;
  std::size_t outputs;
  std::vector<float> pixels;
  std::vector<float> weights;  ///< [inputs, outputs]
  std::vector<float> bias;
};

/// As in digits, many pixels are zero, here about two thirds.
Layer make_layer(std::size_t rows, std::size_t inputs, std::size_t outputs) {
  Layer layer{rows,
              inputs,
              outputs,
              test::fine_values(rows * inputs, 1, -2, 1),
              test::fine_values(inputs * outputs, 2, -1, 1),
              test::fine_values(outputs, 3, -1, 1)};
  for (float& pixel : layer.pixels) {
    pixel = pixel < 0 ? 0 : pixel;
  }
  return layer;
}

struct Units {
  std::vector<float> activations;
  std::vector<float> derivatives;
};

/// The contract: bias, then the pixels that are not zero, ascending.
Units expected_units(const Layer& layer, const ActivationParams* units, const RowRandom* random) {
  Units expected;
  for (std::size_t row = 0; row < layer.rows; ++row) {
    for (std::size_t j = 0; j < layer.outputs; ++j) {
      float z = layer.bias[j];
      for (std::size_t k = 0; k < layer.inputs; ++k) {
        const float pixel = layer.pixels[row * layer.inputs + k];
        z = pixel == 0 ? z : mul_add(pixel, layer.weights[k * layer.outputs + j], z);
      }
      const HiddenUnit unit = units == nullptr ? HiddenUnit{z, test::kUntouched}
                                               : hidden_unit(*units, random, row, j, z);
      expected.activations.push_back(unit.activation);
      expected.derivatives.push_back(unit.derivative);
    }
  }
  return expected;
}

class SparseForwardKernelTest : public test::KernelTest {
 protected:
  Units result_of(const Layer& layer, const ActivationParams* units, const RowRandom* random) {
    test::Array pixels(layer.pixels);
    test::Array weights(layer.weights);
    test::Array bias(layer.bias);
    test::Array activations(std::vector<float>(layer.rows * layer.outputs, test::kUntouched));
    test::Array derivatives(std::vector<float>(layer.rows * layer.outputs, test::kUntouched));
    StepParams params;
    if (units != nullptr && random != nullptr) {
      params.random = *random;
      params.dropout = units->dropout;
    }
    test::Array step(std::vector{params});
    run([&](cudaStream_t stream) {
      return launch_sparse_forward(
          stream,
          {.inputs = pixels.data(),
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

  void compare(const Layer& layer, const ActivationParams* units, const RowRandom* random) {
    const Units expected = expected_units(layer, units, random);
    const Units actual = result_of(layer, units, random);
    for (std::size_t i = 0; i < expected.activations.size(); ++i) {
      ASSERT_EQ(actual.activations[i], expected.activations[i])
          << layer.rows << " x " << layer.inputs << " x " << layer.outputs << ", " << i;
      ASSERT_EQ(actual.derivatives[i], expected.derivatives[i]);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, SparseForwardKernelTest, test::ways(), test::name_of);

TEST_P(SparseForwardKernelTest, AddsThePixelsThatAreNotZeroInTheirOrder) {
  for (const std::size_t rows : test::Sizes{1, 3}) {
    for (const std::size_t inputs : test::Sizes{1, 5, 31, 33, 70, 784, 1024, 1025, 2500}) {
      for (const std::size_t outputs : test::Sizes{1, 10, 33, 64}) {
        compare(make_layer(rows, inputs, outputs), nullptr, nullptr);
      }
    }
  }
  compare(make_layer(33, 784, 128), nullptr, nullptr);
}

TEST_P(SparseForwardKernelTest, LeavesOutZerosEvenWhereWeightsAreInfinite) {
  Layer layer = make_layer(1, 70, 10);
  for (std::size_t k = 0; k < layer.inputs; ++k) {
    if (layer.pixels[k] == 0) {
      std::fill_n(layer.weights.begin() + static_cast<std::ptrdiff_t>(k * layer.outputs),
                  layer.outputs, std::numeric_limits<float>::infinity());
    }
  }
  compare(layer, nullptr, nullptr);
}

TEST_P(SparseForwardKernelTest, AppliesActivationAndDropout) {
  const Layer layer = make_layer(31, 70, 65);
  const RowRandom random{.step = 5, .row = 0, .seed = 3};
  for (const Activation activation : {Activation::kRelu, Activation::kLeakyRelu}) {
    const ActivationParams units{activation, Dropout(0.3), 0};
    compare(layer, &units, &random);
    compare(layer, &units, nullptr);
  }
}

}  // namespace
}  // namespace qmnist
