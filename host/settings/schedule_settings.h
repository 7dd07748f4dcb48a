#pragma once

#include <array>

#include "host/settings/constraint.h"

namespace qmnist {

enum class ScheduleName { kConstant, kStep, kCosine, kOneCycle };

struct ScheduleChoice {
  ScheduleName value;
  std::string_view name;
  bool depends_on_epochs;  ///< another number of epochs changes the learning rate from the start
};

inline constexpr std::array kSchedules{
    ScheduleChoice{ScheduleName::kConstant, "constant", false},
    ScheduleChoice{ScheduleName::kStep, "step", false},
    ScheduleChoice{ScheduleName::kCosine, "cosine", true},
    ScheduleChoice{ScheduleName::kOneCycle, "one_cycle", true},
};
[[nodiscard]] constexpr const auto& choices(ScheduleName /*of*/) {
  return kSchedules;
}

/// How the learning rate changes over a run. Lengths are in epochs and need not be whole.
struct ScheduleSettings {
  ScheduleName name = ScheduleName::kConstant;
  double warmup_epochs = 0;
  double step_epochs = 5;
  double step_factor = 0.1;
  double final_factor = 0;
};

template <SameAs<ScheduleSettings> Settings, typename Visitor>
void visit(Settings& settings, const Visitor& key) {
  key("schedule.name", settings.name, constraint::one_of<ScheduleName>(),
      "learning-rate schedule; optimizer.learning_rate is its peak");
  key("schedule.warmup_epochs", settings.warmup_epochs, constraint::closed(0, 100000),
      "linear warmup from 0, in epochs; not with one_cycle, which has its own");
  key("schedule.step_epochs", settings.step_epochs, constraint::left_open(0, 100000),
      "step: epochs between two changes of the learning rate");
  key("schedule.step_factor", settings.step_factor, constraint::left_open(0, 1),
      "step: factor of each change");
  key("schedule.final_factor", settings.final_factor, constraint::closed(0, 1),
      "cosine, one_cycle: final learning rate as a fraction of the peak");
}

}  // namespace qmnist
