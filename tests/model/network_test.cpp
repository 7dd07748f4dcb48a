#include "host/model/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "host/data/dataset.h"

namespace qmnist {
namespace {

constexpr std::array<std::size_t, 2> kBaselineHidden{128, 64};

TEST(NetworkTest, BaselineHasTheNotebooksParameters) {
  const Network network(kPixels, kBaselineHidden, kDigitCount);
  EXPECT_EQ(network.parameter_count(), 109386U);
  EXPECT_EQ(network.inputs(), 784U);
  EXPECT_EQ(network.classes(), 10U);
}

TEST(NetworkTest, NamesTensorsAsPyTorchDoes) {
  const Network network(kPixels, kBaselineHidden, kDigitCount);
  std::vector<std::string> names;
  for (const Tensor& tensor : network.tensors()) {
    names.push_back(tensor.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"0.weight", "0.bias", "2.weight", "2.bias", "4.weight",
                                             "4.bias"}));
  EXPECT_EQ(network.layers()[0].weight.shape, (std::vector<std::size_t>{128, 784}));
}

TEST(NetworkTest, TensorsAreAlignedAndDoNotOverlap) {
  const std::array<std::size_t, 3> hidden{1, 65, 7};
  const Network network(5, hidden, 3);
  std::size_t end = 0;
  for (const Tensor& tensor : network.tensors()) {
    EXPECT_EQ(tensor.offset * sizeof(float) % 256, 0U) << tensor.name;
    EXPECT_GE(tensor.offset, end) << tensor.name;
    end = tensor.offset + tensor.size;
  }
  EXPECT_GE(network.arena_size(), end);
  EXPECT_EQ(network.parameter_count(), 5U * 1 + 1 + 65 + 65 + 65 * 7 + 7 + 7 * 3 + 3);
}

TEST(NetworkTest, MayHaveNoHiddenLayer) {
  const Network network(kPixels, {}, kDigitCount);
  EXPECT_EQ(network.layers().size(), 1U);
  EXPECT_EQ(network.parameter_count(), 7850U);
}

TEST(InitialStateTest, WeightsAreGlorotUniform) {
  const Network network(kPixels, kBaselineHidden, kDigitCount);
  const TrainingState state = initial_state(network, 3);
  for (const DenseLayer& layer : network.layers()) {
    const double limit = std::sqrt(6.0 / static_cast<double>(layer.inputs + layer.outputs));
    double square_sum = 0;
    for (std::size_t i = 0; i < layer.weight.size; ++i) {
      const double weight = state.parameters[layer.weight.offset + i];
      EXPECT_LE(std::abs(weight), limit);
      square_sum += weight * weight;
    }
    // The variance of U(-a, a) is a^2 / 3; its estimate from n values deviates by
    // sqrt(4 / (5 n)) of that, so 5 deviations are passed once in a million seeds.
    const auto count = static_cast<double>(layer.weight.size);
    EXPECT_NEAR(square_sum / count, limit * limit / 3,
                5 * std::sqrt(0.8 / count) * limit * limit / 3);
  }
}

TEST(InitialStateTest, EverythingButTheWeightsIsZero) {
  const Network network(kPixels, kBaselineHidden, kDigitCount);
  TrainingState state = initial_state(network, 3);
  for (const DenseLayer& layer : network.layers()) {
    std::fill_n(state.parameters.begin() + static_cast<std::ptrdiff_t>(layer.weight.offset),
                layer.weight.size, 0.0F);
  }
  EXPECT_EQ(state, (TrainingState{.parameters = std::vector<float>(network.arena_size())}));
}

TEST(InitialStateTest, FollowsTheSeed) {
  const Network network(4, std::array<std::size_t, 1>{3}, 2);
  EXPECT_EQ(initial_state(network, 7), initial_state(network, 7));
  EXPECT_NE(initial_state(network, 7), initial_state(network, 8));
}

TEST(InitialStateTest, IsTheSameOnEveryMachine) {
  // The standard fixes seed_seq and mt19937; tests/fixtures/initial_weights.py printed these.
  const Network network(4, std::array<std::size_t, 1>{3}, 2);
  const TrainingState state = initial_state(network, 7);
  EXPECT_FLOAT_EQ(state.parameters[0], -0.43839578F);
  EXPECT_FLOAT_EQ(state.parameters[11], -0.10536006F);
}

}  // namespace
}  // namespace qmnist
