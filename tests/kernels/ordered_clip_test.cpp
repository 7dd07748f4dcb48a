#include "tests/kernels/launcher.h"  // before any kernel

#include <array>
#include <functional>

#include "kernels/ordered_clip.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

/// Sum of value(0), ..., value(count - 1) as launch_ordered_clip_scale() says.
double sum32(std::size_t count, const std::function<double(std::size_t)>& value) {
  std::array<double, 32> partial{};
  for (std::size_t i = 0; i < count; ++i) {
    partial[i % 32] += value(i);
  }
  for (std::size_t half = 16; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) {
      partial[i] += partial[i + half];
    }
  }
  return partial[0];
}

double square_of(float value) {
  return static_cast<double>(value) * static_cast<double>(value);
}

double squares_of_unit(const UpdateLayers::Layer& layer, const std::vector<float>& gradients,
                       std::size_t j) {
  return sum32(layer.input_count, [&](std::size_t k) {
    return square_of(gradients[layer.weight_at + k * layer.output_count + j]);
  });
}

double sum_of_squares(const UpdateLayers& layers, const std::vector<float>& gradients) {
  double total = 0;
  for (std::size_t l = 0; l < layers.count; ++l) {
    const UpdateLayers::Layer& layer = layers.at[l];
    total += sum32(layer.output_count,
                   [&](std::size_t j) { return squares_of_unit(layer, gradients, j); });
    total += sum32(layer.output_count,
                   [&](std::size_t j) { return square_of(gradients[layer.bias_at + j]); });
  }
  return total;
}

/// Layers of these sizes, inputs first, with gaps between all tensors.
UpdateLayers make_layers(const std::vector<std::size_t>& sizes, std::size_t& arena) {
  UpdateLayers layers;
  arena = 3;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    UpdateLayers::Layer layer{.inputs = nullptr,
                              .deltas = nullptr,
                              .input_count = sizes[l],
                              .output_count = sizes[l + 1],
                              .weight_at = arena,
                              .bias_at = 0,
                              .skips_zeros = false};
    layer.bias_at = arena + sizes[l] * sizes[l + 1] + 5;
    arena = layer.bias_at + sizes[l + 1] + 5;
    layers.add(layer);
  }
  return layers;
}

class OrderedClipKernelTest : public test::KernelTest {
 protected:
  float scale_of(const UpdateLayers& layers, const std::vector<float>& gradients, float clip_norm) {
    test::Array values(gradients);
    test::Array unit_squares{std::vector<double>(unit_squares_for(layers))};
    test::Array scale(std::vector<float>{test::kUntouched});
    test::Array step(std::vector{StepParams{.clip_norm = clip_norm}});
    run([&](cudaStream_t stream) {
      return launch_ordered_clip_scale(stream, layers, values.data(), step.data(),
                                       unit_squares.data(), scale.data());
    });
    unit_squares_ = unit_squares.values();
    return scale.values().front();
  }

  std::vector<double> unit_squares_;  ///< of the last call
};
INSTANTIATE_TEST_SUITE_P(Kernels, OrderedClipKernelTest, test::ways(), test::name_of);

TEST_P(OrderedClipKernelTest, ScalesByTheNormInItsOrder) {
  for (const auto& sizes :
       {test::Sizes{1, 1}, test::Sizes{5, 10}, test::Sizes{70, 33, 64, 10},
        test::Sizes{784, 128, 64, 10}, test::Sizes(kMaxLayers + 1, 17), test::Sizes{33, 200, 3}}) {
    std::size_t arena = 0;
    const UpdateLayers layers = make_layers(sizes, arena);
    const std::vector<float> gradients = test::fine_values(arena, 1, -1, 1);
    const double squares = sum_of_squares(layers, gradients);
    EXPECT_EQ(scale_of(layers, gradients, 0.01F), clip_scale(squares, 0.01F));
    EXPECT_EQ(scale_of(layers, gradients, 1e6F), 1);
  }
}

/// The scale has a float's digits and hardly tells orders apart; the units' sums do.
TEST_P(OrderedClipKernelTest, AddsTheSquaresOfAUnitInTheOrder) {
  std::size_t arena = 0;
  const UpdateLayers layers = make_layers({100, 70, 40}, arena);
  const std::vector<float> gradients = test::fine_values(arena, 1, -1, 1);
  (void)scale_of(layers, gradients, 1);
  std::size_t first = 0;
  for (std::size_t l = 0; l < layers.count; ++l) {
    const UpdateLayers::Layer& layer = layers.at[l];
    for (std::size_t j = 0; j < layer.output_count; ++j) {
      EXPECT_EQ(unit_squares_[first + j], squares_of_unit(layer, gradients, j)) << l << ", " << j;
    }
    first += std::size_t{layer.columns_of_blocks} * kWarp;
  }
}

}  // namespace
}  // namespace qmnist
