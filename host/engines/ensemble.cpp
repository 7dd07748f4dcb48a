#include "host/engines/ensemble.h"

#include <algorithm>
#include <utility>

namespace qmnist {

Ensemble::Ensemble(std::span<const Model> models, std::string_view device,
                   std::size_t device_index) {
  constexpr std::size_t kBatch = 512;
  for (const Model& model : models) {
    ChosenEngine chosen = make_engine(device, {.network = model.network,
                                               .optimizer = {},
                                               .batch_size = kBatch,
                                               .threads = 0,
                                               .device_index = device_index,
                                               .is_training = false});
    chosen.engine->set_state(trained_state(model));
    engines_.push_back(std::move(chosen.engine));
    reason_ = std::move(chosen.reason);
  }
}

std::vector<float> Ensemble::predict(const DataView& data, std::span<const std::uint32_t> indices) {
  std::vector<float> mean = engines_.front()->predict(data, indices);
  for (const auto& engine : std::span(engines_).subspan(1)) {
    std::ranges::transform(mean, engine->predict(data, indices), mean.begin(), std::plus());
  }
  const auto count = static_cast<float>(size());
  std::ranges::transform(mean, mean.begin(), [count](float sum) { return sum / count; });
  return mean;
}

Scores Ensemble::score(const DataView& data, std::span<const std::uint32_t> indices) {
  if (size() == 1) {
    return engines_.front()->score(data, indices);  // a GPU scores on the device
  }
  return score_predictions(predict(data, indices), data, indices);
}

}  // namespace qmnist
