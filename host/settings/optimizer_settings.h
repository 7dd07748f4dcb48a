#pragma once

#include <array>
#include <cstddef>

#include "host/settings/constraint.h"

namespace qmnist {

enum class OptimizerName { kAdam, kAdamW, kSgd };

/// The most arenas that an optimizer keeps beside the parameters.
inline constexpr std::size_t kMaxMoments = 2;

struct OptimizerChoice {
  OptimizerName value;
  std::string_view name;
  std::string_view title;  ///< for people
  /// What it keeps of each parameter, as checkpoints name it; empty strings stand for nothing.
  std::array<std::string_view, kMaxMoments> moments;
  bool corrects_bias;     ///< of the moments, in the learning rate
  bool has_momentum;      ///< uses momentum and nesterov
  bool has_weight_decay;  ///< uses weight_decay
};

inline constexpr std::array kOptimizers{
    OptimizerChoice{OptimizerName::kAdam, "adam", "Adam", {"adam.m", "adam.v"}, true, false, false},
    OptimizerChoice{
        OptimizerName::kAdamW, "adamw", "AdamW", {"adam.m", "adam.v"}, true, false, true},
    OptimizerChoice{OptimizerName::kSgd, "sgd", "SGD", {"sgd.m", ""}, false, true, true},
};
[[nodiscard]] constexpr const auto& choices(OptimizerName /*of*/) {
  return kOptimizers;
}

/// How many moments an optimizer keeps of each parameter.
[[nodiscard]] constexpr std::size_t moment_count(OptimizerName name) {
  std::size_t count = 0;
  for (const std::string_view moment : choice_of(name).moments) {
    count += moment.empty() ? 0 : 1;
  }
  return count;
}
template <OptimizerName kName>
inline constexpr std::size_t kMomentCount = moment_count(kName);

/// Hyperparameters under Keras's names, with Keras's defaults.
struct OptimizerSettings {
  OptimizerName name = OptimizerName::kAdam;
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-7;
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
  double clip_norm = 0;
};

/// Calls key(name, member, constraint, help) for every config key of the struct; so do the other
/// visit() functions of the settings. `Settings` is const or not.
template <SameAs<OptimizerSettings> Settings, typename Visitor>
void visit(Settings& settings, const Visitor& key) {
  key("optimizer.name", settings.name, constraint::one_of<OptimizerName>(),
      "optimizer; adamw is Adam with decoupled weight decay");
  key("optimizer.learning_rate", settings.learning_rate, constraint::left_open(0, 10),
      "learning rate; with a schedule, its peak");
  key("optimizer.beta1", settings.beta1, constraint::right_open(0, 1),
      "adam, adamw: decay rate of the first moment");
  key("optimizer.beta2", settings.beta2, constraint::right_open(0, 1),
      "adam, adamw: decay rate of the second moment");
  key("optimizer.epsilon", settings.epsilon, constraint::left_open(0, 1),
      "adam, adamw: added to the square root of the second moment, as in Keras");
  key("optimizer.momentum", settings.momentum, constraint::right_open(0, 1), "sgd: momentum");
  key("optimizer.nesterov", settings.nesterov, constraint::Boolean{}, "sgd: Nesterov momentum");
  key("optimizer.weight_decay", settings.weight_decay, constraint::closed(0, 1),
      "adamw, sgd: decoupled weight decay, multiplied by the learning rate");
  key("optimizer.clip_norm", settings.clip_norm, constraint::closed(0, 1e6),
      "gradient clipping by global L2 norm; 0 disables it");
}

}  // namespace qmnist
