#include "host/format/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <string_view>

namespace qmnist {

std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  return text;
}

std::size_t columns_of(std::string_view text) {
  const std::size_t wide = 2 * text.size();
  const std::size_t padding = fmt::formatted_size("{:>{}}", text, wide) - text.size();
  return wide - padding;
}

std::size_t widest(std::span<const std::string> texts) {
  std::size_t columns = 0;
  for (const std::string& text : texts) {
    columns = std::max(columns, columns_of(text));
  }
  return columns;
}

std::string grouped(std::size_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t place = digits.size(); place > 3;) {
    place -= 3;
    digits.insert(place, ",");
  }
  return digits;
}

std::string time_text(double seconds) {
  constexpr long kMinute = 60;
  const long whole = std::lround(seconds);
  return whole < kMinute ? fmt::format("{}s", whole)
                         : fmt::format("{}:{:02}", whole / kMinute, whole % kMinute);
}

std::string percent(float probability) {
  return fmt::format("{:.2f} %", 100 * probability);
}

std::string accuracy_text(double accuracy, std::size_t images) {
  return fmt::format("{:.2f} ± {:.2f} %", 100 * accuracy,
                     100 * accuracy_standard_error(accuracy, images));
}

std::string accuracy_text(const Evaluation& evaluation) {
  return accuracy_text(evaluation.accuracy, evaluation.predictions.size());
}

std::string schedule_text(const ScheduleSettings& schedule, double learning_rate) {
  const double end = learning_rate * schedule.final_factor;
  const double warmup = schedule.warmup_epochs;
  std::string text = fmt::format("{}", learning_rate);
  if (schedule.name == ScheduleName::kStep) {
    text += fmt::format(", times {} every {} epochs", schedule.step_factor, schedule.step_epochs);
  } else if (schedule.name == ScheduleName::kCosine) {
    text += fmt::format(", cosine to {:g}", end);
  } else if (schedule.name == ScheduleName::kOneCycle) {
    text += fmt::format(", one cycle to {:g}", end);
  }
  return warmup == 0
             ? text
             : fmt::format("{} with {} warm-up epoch{}", text, warmup, warmup == 1 ? "" : "s");
}

std::string widths_text(const Network& network) {
  std::string text = std::to_string(network.inputs());
  for (const DenseLayer& layer : network.layers()) {
    text += "-" + std::to_string(layer.outputs);
  }
  return text;
}

std::string text_table(const Table& table) {
  std::vector<std::size_t> widths(table.columns.size());
  const auto widen = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], columns_of(cells[i]));
    }
  };
  widen(table.columns);
  std::ranges::for_each(table.rows, widen);
  std::string text = table.caption + "\n";
  const auto append = [&](const std::vector<std::string>& cells) {
    fmt::format_to(std::back_inserter(text), "  {:<{}}", cells[0], widths[0]);
    for (std::size_t i = 1; i < cells.size(); ++i) {
      fmt::format_to(std::back_inserter(text), "  {:>{}}", cells[i], widths[i]);
    }
    text += '\n';
  };
  append(table.columns);
  std::ranges::for_each(table.rows, append);
  return text;
}

std::string network_table(const Network& network) {
  std::string table = fmt::format("  {:<22}{:>8}{:>14}\n", "layer", "output", "parameters");
  const auto layers = network.layers();
  for (const DenseLayer& layer : layers) {
    const bool is_last = &layer == &layers.back();
    fmt::format_to(std::back_inserter(table), "  {:<22}{:>8}{:>14}\n",
                   fmt::format("dense, {}", is_last ? "softmax" : name_of(network.activation())),
                   layer.outputs, grouped(layer.weight.size + layer.bias.size));
  }
  fmt::format_to(std::back_inserter(table), "  {:<22}{:>22}\n", "total",
                 grouped(network.parameter_count()));
  return table;
}

}  // namespace qmnist
