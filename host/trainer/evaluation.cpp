#include "host/trainer/evaluation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

namespace qmnist {
namespace {

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

ClassReport class_report(const std::vector<std::vector<std::uint64_t>>& confusion,
                         std::size_t label) {
  std::uint64_t predicted = 0;
  std::uint64_t support = 0;
  for (std::size_t other = 0; other < confusion.size(); ++other) {
    predicted += confusion[other][label];
    support += confusion[label][other];
  }
  const std::uint64_t hits = confusion[label][label];
  return {.precision = ratio(hits, predicted),
          .recall = ratio(hits, support),
          .f1 = ratio(2 * hits, predicted + support),
          .support = support};
}

}  // namespace

std::vector<Prediction> most_confident_mistakes(std::span<const Prediction> predictions,
                                                std::size_t count) {
  std::vector<Prediction> wrong;
  std::ranges::copy_if(predictions, std::back_inserter(wrong),
                       [](const Prediction& row) { return !row.is_correct(); });
  // A diverged network's confidence is NaN, which cannot be sorted.
  std::ranges::stable_sort(wrong, std::greater(), [](const Prediction& row) {
    return std::isfinite(row.confidence) ? row.confidence : 0;
  });
  wrong.resize(std::min(wrong.size(), count));
  return wrong;
}

double accuracy_standard_error(double accuracy, std::size_t images) {
  return std::sqrt(accuracy * (1 - accuracy) / static_cast<double>(images));
}

Evaluation to_evaluation(const Scores& scores, const DataView& data,
                         std::span<const std::uint32_t> indices) {
  Evaluation evaluation;
  evaluation.loss = scores.loss_sum / static_cast<double>(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const Score& image = scores.images[i];
    evaluation.predictions.push_back(
        {indices[i], data.labels[indices[i]], image.predicted, image.confidence});
  }
  std::uint64_t correct = 0;
  for (std::size_t label = 0; label < scores.classes; ++label) {
    const auto row = std::span(scores.confusion).subspan(label * scores.classes, scores.classes);
    evaluation.confusion.emplace_back(row.begin(), row.end());
    correct += row[label];
  }
  evaluation.accuracy = ratio(correct, indices.size());
  for (std::size_t label = 0; label < scores.classes; ++label) {
    evaluation.per_class.push_back(class_report(evaluation.confusion, label));
  }
  return evaluation;
}

Evaluation evaluate(Engine& engine, const DataView& data, std::span<const std::uint32_t> indices) {
  return to_evaluation(engine.score(data, indices), data, indices);
}

}  // namespace qmnist
