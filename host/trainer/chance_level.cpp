#include "host/trainer/chance_level.h"

#include <algorithm>
#include <vector>

namespace qmnist {
namespace {

/// How often each class was predicted.
std::vector<std::size_t> prediction_counts(const Evaluation& evaluation) {
  std::vector<std::size_t> counts(evaluation.classes());
  for (const Prediction& prediction : evaluation.predictions) {
    counts.at(prediction.predicted) += 1;
  }
  return counts;
}

}  // namespace

double chance_limit(double majority_share, std::size_t images) {
  constexpr double kStandardErrors = 3;
  return majority_share + kStandardErrors * accuracy_standard_error(majority_share, images);
}

std::optional<ChanceLevel> find_chance_level(const Evaluation& evaluation) {
  const auto majority = std::ranges::max_element(evaluation.per_class, {}, &ClassReport::support);
  const std::size_t images = evaluation.predictions.size();
  const double share = static_cast<double>(majority->support) / static_cast<double>(images);
  const double limit = chance_limit(share, images);
  if (limit >= 1 || evaluation.accuracy > limit) {
    return std::nullopt;
  }
  const auto counts = prediction_counts(evaluation);
  const auto top = std::ranges::max_element(counts);
  return ChanceLevel{
      .images = images,
      .accuracy = evaluation.accuracy,
      .majority_class = static_cast<std::size_t>(majority - evaluation.per_class.begin()),
      .majority_share = share,
      .top_class = static_cast<std::size_t>(top - counts.begin()),
      .top_predictions = *top};
}

}  // namespace qmnist
