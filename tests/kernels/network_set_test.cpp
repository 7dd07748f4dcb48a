#include "tests/kernels/launcher.h"
// The launcher comes first.
#include <functional>
#include <random>

#include "kernels/distort.h"
#include "kernels/gather.h"
#include "kernels/normalize.h"
#include "kernels/optimizer.h"
#include "kernels/ordered_clip.h"
#include "kernels/row_step.h"
#include "kernels/sparse_forward.h"
#include "kernels/tile_layer.h"
#include "kernels/weight_update.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

constexpr std::size_t kNetworks = 4;

/// A block of memory, laid out array by array; each network gets other values.
class Block {
 public:
  template <typename T>
  std::size_t add(const std::function<std::vector<T>(unsigned network)>& values) {
    const std::size_t place = contents_[0].size();
    for (unsigned network = 0; network < kNetworks; ++network) {
      const std::vector<T> own = values(network);
      const auto* bytes = reinterpret_cast<const std::byte*>(own.data());
      contents_[network].insert(contents_[network].end(), bytes, bytes + own.size() * sizeof(T));
      constexpr std::size_t kAlignment = 256;
      contents_[network].resize((contents_[network].size() + kAlignment - 1) / kAlignment *
                                kAlignment);
    }
    return place;
  }
  std::size_t floats(std::size_t count, float min = -1, float max = 1) {
    return add<float>([=](unsigned network) {
      return test::fine_values(count, 7 * network + static_cast<unsigned>(count), min, max);
    });
  }

  [[nodiscard]] std::size_t stride() const { return contents_[0].size(); }
  /// All blocks, one after the other.
  [[nodiscard]] std::vector<std::byte> memory() const {
    std::vector<std::byte> all;
    for (const std::vector<std::byte>& content : contents_) {
      all.insert(all.end(), content.begin(), content.end());
    }
    return all;
  }

 private:
  std::array<std::vector<std::byte>, kNetworks> contents_;
};

/// A launch with pointers into the block at `base`.
using Launch = std::function<cudaError_t(cudaStream_t, std::byte* base, const NetworkSet&)>;

template <typename T>
T* at(std::byte* base, std::size_t place) {
  return reinterpret_cast<T*>(base + place);
}

std::vector<StepParams> step_of(unsigned network) {
  StepParams step{.random = {.step = network, .row = 0, .seed = 5 + network},
                  .dropout = Dropout(0.1 * network),
                  .loss = {.label_smoothing = 0.05F * static_cast<float>(network)},
                  .clip_norm = 0.01F + static_cast<float>(network)};
  step.update = optimizer_scalars<float>({.learning_rate = 0.001 * (network + 1)},
                                         0.001 * (network + 1), network + 1, 0.9);
  return {step};
}

class NetworkSetTest : public test::KernelTest {
 protected:
  /// Networks 2, 0 and 3 in one launch give what each gives alone; network 1 is left alone.
  void compare_with_alone(const Block& block, const Launch& launch) {
    test::Array alone(block.memory());
    for (const std::size_t network : {0, 2, 3}) {
      run([&](cudaStream_t stream) {
        return launch(stream, alone.data() + network * block.stride(), NetworkSet{});
      });
    }
    test::Array together(block.memory());
    run([&](cudaStream_t stream) {
      return launch(stream, together.data(),
                    {.stride = block.stride(), .count = 3, .blocks = {2, 0, 3}});
    });
    EXPECT_NE(alone.values(), block.memory());
    EXPECT_EQ(together.values(), alone.values());
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, NetworkSetTest, test::ways(), test::name_of);

TEST_P(NetworkSetTest, ForwardLayers) {
  constexpr std::size_t kRows = 5;
  constexpr std::size_t kInputs = 70;
  constexpr std::size_t kOutputs = 40;
  Block block;
  const std::size_t inputs = block.floats(kRows * kInputs);
  const std::size_t weights = block.floats(kInputs * kOutputs);
  const std::size_t bias = block.floats(kOutputs);
  const std::size_t activations = block.floats(kRows * kOutputs);
  const std::size_t derivatives = block.floats(kRows * kOutputs);
  const std::size_t step = block.add<StepParams>(step_of);
  const auto layer = [&](std::byte* base) -> ForwardLayer {
    return {.inputs = at<float>(base, inputs),
            .weights = at<float>(base, weights),
            .bias = at<float>(base, bias),
            .activations = at<float>(base, activations),
            .derivatives = at<float>(base, derivatives),
            .input_count = kInputs,
            .output_count = kOutputs,
            .is_last = false,
            .activation = Activation::kTanh,
            .index = 1,
            .step = at<StepParams>(base, step)};
  };
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_sparse_forward(stream, layer(base), kRows, networks);
  });
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_tile_forward(stream, layer(base), kRows, networks);
  });
}

TEST_P(NetworkSetTest, RowStep) {
  constexpr std::size_t kRows = 3;
  constexpr std::size_t kHidden = 9;
  constexpr std::size_t kDigitCount = 5;
  Block block;
  const std::size_t activations = block.floats(kRows * kHidden);
  const std::size_t derivatives = block.floats(kRows * kHidden);
  const std::size_t weights = block.floats(kHidden * kDigitCount);
  const std::size_t bias = block.floats(kDigitCount);
  const std::size_t deltas = block.floats(kRows * kHidden);
  const std::size_t last_activations = block.floats(kRows * kDigitCount);
  const std::size_t last_deltas = block.floats(kRows * kDigitCount);
  const std::size_t labels = block.add<std::uint8_t>(
      [](unsigned network) { return test::bytes(kRows, network, kDigitCount); });
  const std::size_t losses = block.floats(kRows);
  const std::size_t correct =
      block.add<std::uint8_t>([](unsigned) { return std::vector<std::uint8_t>(kRows, 7); });
  const std::size_t step = block.add<StepParams>(step_of);
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    RowLayers layers;
    layers.add({.outputs = kHidden,
                .activations = at<float>(base, activations),
                .deltas = at<float>(base, deltas)});
    layers.add({.outputs = kDigitCount,
                .weights = at<float>(base, weights),
                .bias = at<float>(base, bias),
                .activations = at<float>(base, last_activations),
                .deltas = at<float>(base, last_deltas)});
    return launch_row_step(stream,
                           {.layers = layers,
                            .activation = Activation::kRelu,
                            .index = 0,
                            .derivatives = at<float>(base, derivatives),
                            .step = at<StepParams>(base, step),
                            .targets = {at<std::uint8_t>(base, labels)},
                            .losses = at<float>(base, losses),
                            .correct = at<std::uint8_t>(base, correct),
                            .batch_rows = kRows,
                            .probabilities = nullptr},
                           kRows, networks);
  });
}

/// One layer, its optimizer's arenas and the results of its rows.
struct UpdateBlock : Block {
  static constexpr std::size_t kRows = 6;
  static constexpr std::size_t kInputs = 21;
  static constexpr std::size_t kOutputs = 34;
  static constexpr std::size_t kArena = (kInputs + 1) * kOutputs;
  std::size_t inputs = floats(kRows * kInputs);
  std::size_t deltas = floats(kRows * kOutputs);
  std::size_t gradients = floats(kArena);
  std::size_t parameters = floats(kArena);
  std::size_t first_moments = floats(kArena);
  std::size_t second_moments = floats(kArena, 0.25F, 1);
  std::size_t ema = floats(kArena);
  std::size_t losses = floats(kRows);
  std::size_t correct =
      add<std::uint8_t>([](unsigned network) { return test::bytes(kRows, network, 2); });
  std::size_t step = add<StepParams>(step_of);
  std::size_t unit_squares = add<double>([](unsigned) { return std::vector<double>(64); });
  std::size_t scale = floats(1);

  [[nodiscard]] GradientUse use(std::byte* base) const {
    return {.optimizer = OptimizerName::kAdam,
            .step = &at<StepParams>(base, step)->update,
            .parameters = at<float>(base, parameters),
            .moments = {at<float>(base, first_moments), at<float>(base, second_moments)},
            .ema = at<float>(base, ema)};
  }
  [[nodiscard]] UpdateLayers layers(std::byte* base) const {
    UpdateLayers layers;
    layers.add({.inputs = at<float>(base, inputs),
                .deltas = at<float>(base, deltas),
                .input_count = kInputs,
                .output_count = kOutputs,
                .weight_at = 0,
                .bias_at = kInputs * kOutputs});
    return layers;
  }
};

TEST_P(NetworkSetTest, TileBackwardAndUpdate) {
  const UpdateBlock block;
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_tile_backward(stream, at<float>(base, block.deltas),
                                at<float>(base, block.parameters), at<float>(base, block.inputs),
                                at<float>(base, block.gradients), UpdateBlock::kRows,
                                UpdateBlock::kInputs, UpdateBlock::kOutputs, networks);
  });
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_tile_update(stream, at<float>(base, block.inputs), at<float>(base, block.deltas),
                              block.use(base), 0, UpdateBlock::kRows, UpdateBlock::kInputs,
                              UpdateBlock::kOutputs, networks);
  });
}

/// Metrics are not in the blocks, but beside each other.
TEST_P(NetworkSetTest, WeightUpdateAndMetrics) {
  const UpdateBlock block;
  test::Array metrics{std::vector<DeviceMetrics>(kNetworks)};
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_weight_update(
        stream, block.layers(base), block.use(base),
        {at<float>(base, block.losses), at<std::uint8_t>(base, block.correct), metrics.data()},
        UpdateBlock::kRows, networks);
  });
  const std::vector<DeviceMetrics> sums = metrics.values();
  EXPECT_EQ(sums[1].loss_sum, 0);
  EXPECT_NE(sums[2].loss_sum, sums[3].loss_sum);
}

TEST_P(NetworkSetTest, ClippedOptimizerStep) {
  const UpdateBlock block;
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_ordered_clip_scale(stream, block.layers(base), at<float>(base, block.gradients),
                                     at<StepParams>(base, block.step),
                                     at<double>(base, block.unit_squares),
                                     at<float>(base, block.scale), networks);
  });
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_optimizer(
        stream, OptimizerName::kAdam, &at<StepParams>(base, block.step)->update,
        {.gradients = at<float>(base, block.gradients),
         .parameters = at<float>(base, block.parameters),
         .moments = {at<float>(base, block.first_moments), at<float>(base, block.second_moments)},
         .ema = at<float>(base, block.ema),
         .gradient_scale = at<float>(base, block.scale)},
        UpdateBlock::kArena, networks);
  });
}

TEST_P(NetworkSetTest, Unpacking) {
  constexpr std::size_t kImages = 3;
  constexpr std::size_t kPixels = 784;
  test::Array data(test::bytes(5 * kPixels, 1, 256));
  Block block;
  const std::size_t indices = block.add<std::uint32_t>([](unsigned network) {
    return std::vector<std::uint32_t>{network, 4, (network + 1) % 5};
  });
  const std::size_t pixels = block.add<std::uint8_t>(
      [](unsigned network) { return test::bytes(kImages * kPixels, 20 + network, 256); });
  const std::size_t maps = block.add<Distortion>([](unsigned network) {
    const auto shift = static_cast<std::int32_t>(network) * 5000;
    return std::vector<Distortion>(
        kImages, {{shift, -shift}, {65536, 0}, {0, 65536}, {.step = network, .row = 0, .seed = 1}});
  });
  const std::size_t weights = block.add<ElasticWeights>([](unsigned network) {
    ElasticWeights field{};
    field.across[3][4] = static_cast<std::int16_t>(4096 + network);
    field.down[5][6] = static_cast<std::int16_t>(9000 * network);
    return std::vector{field};
  });
  const std::size_t inputs = block.floats(kImages * kPixels);
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_gather(stream, data.data(), at<std::uint32_t>(base, indices),
                         at<std::uint8_t>(base, pixels), kImages, kPixels, networks);
  });
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_normalize(stream, at<std::uint8_t>(base, pixels), at<float>(base, inputs),
                            kImages * kPixels, networks);
  });
  compare_with_alone(block, [&](cudaStream_t stream, std::byte* base, const NetworkSet& networks) {
    return launch_distort(stream, at<std::uint8_t>(base, pixels), at<Distortion>(base, maps),
                          at<ElasticWeights>(base, weights), at<float>(base, inputs), kImages,
                          networks);
  });
}

}  // namespace
}  // namespace qmnist
