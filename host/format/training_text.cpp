#include "host/format/training_text.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "host/format/text.h"

namespace qmnist {
namespace {

/// "name value, name value" for the values that are not 0.
std::string list_of(const std::vector<std::pair<const char*, double>>& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    if (value != 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
    }
  }
  return text;
}

}  // namespace

std::string optimizer_text(const OptimizerSettings& optimizer) {
  std::string text(choice_of(optimizer.name).title);
  if (optimizer.momentum > 0) {
    text +=
        fmt::format(", {}momentum {}", optimizer.nesterov ? "Nesterov " : "", optimizer.momentum);
  }
  return optimizer.weight_decay > 0
             ? fmt::format("{}, weight decay {}", text, optimizer.weight_decay)
             : text;
}

std::string augmentation_text(const AugmentationSettings& augmentation) {
  const std::string text = list_of({{"rotation", augmentation.rotation},
                                    {"scale", augmentation.scale},
                                    {"shear", augmentation.shear},
                                    {"shift", augmentation.shift},
                                    {"elastic", augmentation.elastic}});
  return augmentation.elastic > 0 ? fmt::format("{} (sigma {})", text, augmentation.elastic_sigma)
                                  : text;
}

std::string regularization_text(const Config& config) {
  return list_of({{"dropout", config.regularization.dropout},
                  {"label smoothing", config.regularization.label_smoothing},
                  {"moving average of the weights", config.regularization.ema_decay}});
}

std::string teacher_text(const TeacherSettings& teacher) {
  const std::size_t models = teacher.models.size();
  return models == 0 ? ""
                     : fmt::format("{} model{}, weight {}, temperature {}", models,
                                   models == 1 ? "" : "s", teacher.weight, teacher.temperature);
}

std::string dataset_lines(const Dataset& dataset, const std::string& folder) {
  const std::string data = fmt::format("data      {}, {} images of {} x {} in {}\n", dataset.name,
                                       grouped(dataset.count()), kImageSide, kImageSide, folder);
  return dataset.classes == numbered_classes(kDigitCount)
             ? data
             : fmt::format("{}classes   {}\n", data, classes_text(dataset.classes));
}

std::string split_rule_text(const DataSettings& data) {
  if (data.split == SplitRule::kNotebook) {
    return fmt::format("as scikit-learn, seed {}", data.split_seed);
  }
  const std::string text = "official, the data set's own files";
  return data.validation_fraction > 0
             ? fmt::format("{}; validation by seed {}", text, data.split_seed)
             : text;
}

std::string chance_level_text(const ChanceLevel& found, std::span<const std::string> classes,
                              std::string_view images, double learning_rate) {
  const double default_rate = OptimizerSettings{}.learning_rate;
  const bool is_constant = found.is_constant();
  const std::string what =
      is_constant ? fmt::format("{} of {} {} are classified as {}", grouped(found.top_predictions),
                                grouped(found.images), images, classes[found.top_class])
                  : fmt::format(
                        "the network has learned nothing: its accuracy on {} {} is {:.2f} %, and "
                        "always predicting {} gives {:.2f} %",
                        grouped(found.images), images, 100 * found.accuracy,
                        classes[found.majority_class], 100 * found.majority_share);
  return is_constant && learning_rate >= default_rate
             ? fmt::format("{}; lower optimizer.learning_rate, which is {}", what, learning_rate)
             : fmt::format(
                   "{}; change optimizer.learning_rate, which is {} (default {}), or train "
                   "for more epochs",
                   what, learning_rate, default_rate);
}

std::string test_warning(const Evaluation& test, std::span<const std::string> classes,
                         double learning_rate) {
  const std::optional<ChanceLevel> found = find_chance_level(test);
  return found ? chance_level_text(*found, classes, "test images", learning_rate) : "";
}

}  // namespace qmnist
