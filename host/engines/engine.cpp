#include "host/engines/engine.h"

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace qmnist {
namespace {

bool have_equal_layers(const Network& a, const Network& b) {
  const auto sizes = [](const DenseLayer& layer) { return std::pair(layer.inputs, layer.outputs); };
  return a.activation() == b.activation() &&
         std::ranges::equal(a.layers(), b.layers(), {}, sizes, sizes);
}

/// What decides which kernels a step needs.
auto features(const EngineSettings& settings) {
  return std::tuple(settings.batch_size, settings.slices, settings.device_index, settings.math,
                    settings.kernels, settings.on_device, settings.is_training,
                    settings.optimizer.name, settings.optimizer.clip_norm > 0,
                    settings.regularization.ema_decay > 0, settings.augmentation.any(),
                    settings.augmentation.elastic > 0, settings.teacher.any());
}

}  // namespace

bool have_one_shape(const EngineSettings& a, const EngineSettings& b) {
  return have_equal_layers(a.network, b.network) && features(a) == features(b);
}

Scores score_predictions(std::span<const float> probabilities, const DataView& data,
                         std::span<const std::uint32_t> indices) {
  const std::size_t classes = probabilities.size() / indices.size();
  Scores scores{.classes = classes,
                .images = {},
                .loss_sum = 0,
                .confusion = std::vector<std::uint64_t>(classes * classes)};
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::size_t label = data.labels[indices[i]];
    const Score result = score(probabilities.data() + i * classes, classes, label);
    scores.images.push_back(result);
    scores.loss_sum += static_cast<double>(result.loss);
    scores.confusion[label * classes + result.predicted] += 1;
  }
  return scores;
}

Scores Engine::score(const DataView& data, std::span<const std::uint32_t> indices) {
  return score_predictions(predict(data, indices), data, indices);
}

std::vector<float> Engine::soft_labels(const EngineSettings& settings, const DataView& data,
                                       std::span<const std::uint32_t> order,
                                       std::uint64_t step) const {
  if (!settings.teacher.any()) {
    return {};
  }
  if (soft_labels_ == nullptr) {
    throw std::logic_error("an engine whose settings have a teacher, without soft labels");
  }
  return soft_labels_->of_steps(data, order, step);
}

}  // namespace qmnist
