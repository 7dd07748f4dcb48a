#include "host/engines/engine.h"

namespace qmnist {

Scores score_predictions(std::span<const float> probabilities, const DataView& data,
                         std::span<const std::uint32_t> indices) {
  const std::size_t classes = probabilities.size() / indices.size();
  Scores scores{
      .images = {}, .loss_sum = 0, .confusion = std::vector<std::uint64_t>(classes * classes)};
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

}  // namespace qmnist
