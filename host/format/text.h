#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/engines/schedule.h"
#include "host/model/network.h"
#include "host/trainer/evaluation.h"

namespace qmnist {

/// The text with control characters replaced by spaces, so that file names and arguments in it
/// cannot break a line.
[[nodiscard]] std::string one_line(std::string text);

/// Columns that UTF-8 text takes on a terminal, as fmt pads it.
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// Columns that the widest of these takes.
[[nodiscard]] std::size_t widest(std::span<const std::string> texts);

/// A count with thousands separators: 109,386.
[[nodiscard]] std::string grouped(std::size_t count);

/// A duration: "42s", "1:05".
[[nodiscard]] std::string time_text(double seconds);

/// A probability as a percentage: "99.98 %".
[[nodiscard]] std::string percent(float probability);

/// An accuracy (0 to 1) with its binomial standard error: "97.54 ± 0.13 %".
/// @param images number of images that it was measured on
[[nodiscard]] std::string accuracy_text(double accuracy, std::size_t images);
[[nodiscard]] std::string accuracy_text(const Evaluation& evaluation);

/// A learning rate with its schedule: "0.001, cosine to 0 with 2 warm-up epochs".
[[nodiscard]] std::string schedule_text(const ScheduleSettings& schedule, double learning_rate);

/// A network's layer sizes: "784-128-64-10".
[[nodiscard]] std::string widths_text(const Network& network);

/// A table of text; the first column names the rows.
struct Table {
  std::string caption;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< one cell per column
};

/// Caption and aligned columns: the first is left-aligned, the others are right-aligned.
[[nodiscard]] std::string text_table(const Table& table);

/// A line per layer with output size and parameter count, like Keras's model summary.
[[nodiscard]] std::string network_table(const Network& network);

}  // namespace qmnist
