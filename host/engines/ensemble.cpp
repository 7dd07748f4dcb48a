#include "host/engines/ensemble.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace qmnist {
namespace {

EngineSettings settings_for(const Model& model, std::size_t device_index, std::size_t threads) {
  constexpr std::size_t kBatch = 512;
  return {.network = model.network,
          .optimizer = {},
          .batch_size = kBatch,
          .threads = threads,
          .device_index = device_index,
          .kernels = Kernels::kFixedOrder,
          .is_training = false};
}

}  // namespace

Ensemble::Ensemble(std::span<const Model> models, std::string_view device, std::size_t device_index,
                   std::size_t threads)
    : size_(models.size()), classes_(models.front().network.classes()) {
  std::vector<std::vector<EngineSettings>> settings;  // of each group
  for (std::size_t i = 0; i < models.size(); ++i) {
    const EngineSettings of_model = settings_for(models[i], device_index, threads);
    auto place = std::ranges::find_if(settings, [&](const auto& group) {
      return group.size() < kMaxGroup && have_one_shape(group.front(), of_model);
    });
    if (place == settings.end()) {
      place = settings.emplace(settings.end());
      groups_.emplace_back();
    }
    place->push_back(of_model);
    groups_[static_cast<std::size_t>(place - settings.begin())].models.push_back(i);
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    ChosenGroup chosen = make_group(device, std::move(settings[g]));
    groups_[g].engines = std::move(chosen.engines);
    reason_ = std::move(chosen.reason);
    for (std::size_t i = 0; i < groups_[g].models.size(); ++i) {
      groups_[g].engines[i]->set_state(trained_state(models[groups_[g].models[i]]));
    }
  }
}

std::vector<float> Ensemble::predict(const DataView& data, std::span<const std::uint32_t> indices) {
  constexpr std::size_t kImages = 8192;  // so that the networks' probabilities take little memory
  std::vector<float> mean(indices.size() * classes());
  for (std::size_t first = 0; first < indices.size(); first += kImages) {
    const auto images = indices.subspan(first, std::min(kImages, indices.size() - first));
    add_predictions(data, images,
                    std::span(mean).subspan(first * classes(), images.size() * classes()));
  }
  const auto count = static_cast<float>(size());
  std::ranges::transform(mean, mean.begin(), [count](float sum) { return sum / count; });
  return mean;
}

std::vector<float> Ensemble::predict(std::span<const std::uint8_t> pixels) {
  const std::vector<std::uint8_t> labels(pixels.size() / kPixels);  // unknown, not used
  std::vector<std::uint32_t> all(labels.size());
  std::iota(all.begin(), all.end(), 0U);
  return predict({.pixels = pixels, .labels = labels}, all);
}

void Ensemble::add_predictions(const DataView& data, std::span<const std::uint32_t> indices,
                               std::span<float> sums) {
  std::vector<std::vector<float>> by_group;
  std::vector<std::span<const float>> by_model(size());
  for (const Group& group : groups_) {
    const std::vector<float>& probabilities =
        by_group.emplace_back(group.engines.front()->predict_by_group(data, indices));
    for (std::size_t i = 0; i < group.models.size(); ++i) {
      by_model[group.models[i]] = std::span(probabilities).subspan(i * sums.size(), sums.size());
    }
  }
  for (const std::span<const float> probabilities : by_model) {
    std::ranges::transform(sums, probabilities, sums.begin(), std::plus());
  }
}

Scores Ensemble::score(const DataView& data, std::span<const std::uint32_t> indices) {
  if (size() == 1) {
    return groups_.front().engines.front()->score(data, indices);  // a GPU scores on the device
  }
  return score_predictions(predict(data, indices), data, indices);
}

}  // namespace qmnist
