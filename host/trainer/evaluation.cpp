#include "host/trainer/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/softmax_cross_entropy.h"

namespace qmnist {
namespace {

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

ClassReport class_report(const Evaluation& evaluation, std::size_t digit) {
  std::uint64_t predicted = 0;
  std::uint64_t support = 0;
  for (std::size_t other = 0; other < kClasses; ++other) {
    predicted += evaluation.confusion[other][digit];
    support += evaluation.confusion[digit][other];
  }
  const std::uint64_t hits = evaluation.confusion[digit][digit];
  return {.precision = ratio(hits, predicted),
          .recall = ratio(hits, support),
          .f1 = ratio(2 * hits, predicted + support),
          .support = support};
}

}  // namespace

double Evaluation::accuracy_deviation() const {
  return std::sqrt(accuracy * (1 - accuracy) / static_cast<double>(predictions.size()));
}

Evaluation evaluate(Engine& engine, const DataView& data, std::span<const std::uint32_t> indices) {
  const std::vector<float> probabilities = engine.predict(data, indices);
  Evaluation evaluation;
  std::uint64_t correct = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const float* row = probabilities.data() + i * kClasses;
    const std::uint8_t label = data.labels[indices[i]];
    const auto predicted = static_cast<std::uint8_t>(argmax(row, kClasses));
    // A probability that underflowed to 0 must not make the mean infinite.
    evaluation.loss -= std::log(std::max(row[label], std::numeric_limits<float>::min()));
    evaluation.confusion[label][predicted] += 1;
    correct += predicted == label ? 1 : 0;
    evaluation.predictions.push_back({indices[i], label, predicted, row[predicted]});
  }
  evaluation.loss /= static_cast<double>(indices.size());
  evaluation.accuracy = ratio(correct, indices.size());
  for (std::size_t digit = 0; digit < kClasses; ++digit) {
    evaluation.per_class[digit] = class_report(evaluation, digit);
  }
  return evaluation;
}

}  // namespace qmnist
