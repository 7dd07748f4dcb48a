#include "host/report/training_text.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace qmnist {
namespace {

/// "name value, name value" of what is not 0.
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
  std::string text = optimizer.name == OptimizerName::kAdam    ? "Adam"
                     : optimizer.name == OptimizerName::kAdamW ? "AdamW"
                                                               : "SGD";
  if (optimizer.name == OptimizerName::kSgd && optimizer.momentum > 0) {
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
                  {"moving average of the weights", config.optimizer.ema_decay}});
}

}  // namespace qmnist
