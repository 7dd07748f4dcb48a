#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host/engines/schedule.h"
#include "host/model/network.h"
#include "host/trainer/evaluation.h"

namespace qmnist {

/// Text as it can be shown on one line, whatever names of files and arguments stand in it.
[[nodiscard]] std::string one_line(std::string text);

/// A count with separators between thousands: 109,386.
[[nodiscard]] std::string grouped(std::size_t count);

/// A time to wait: "42s", "1:05".
[[nodiscard]] std::string time_text(double seconds);

/// A probability as people read it: "99.98 %".
[[nodiscard]] std::string percent(float probability);

/// An accuracy 0..1 over so many images with its deviation: "97.54 ± 0.13 %".
[[nodiscard]] std::string accuracy_text(double accuracy, std::size_t images);
[[nodiscard]] std::string accuracy_text(const Evaluation& evaluation);

/// A learning rate and how it goes: "0.001, cosine to 0 with 2 warm-up epochs".
[[nodiscard]] std::string schedule_text(const ScheduleSettings& schedule, double learning_rate);

/// A network's widths: "784-128-64-10".
[[nodiscard]] std::string widths_text(const Network& network);

/// A table of text; the first column names the rows.
struct Table {
  std::string caption;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< as many cells as columns
};

/// Caption and aligned columns, the first to the left, the others to the right.
[[nodiscard]] std::string text_table(const Table& table);

/// Keras's model summary: a line per layer with output size and parameters.
[[nodiscard]] std::string network_table(const Network& network);

/// The confusion matrix: true digits down, predictions across.
[[nodiscard]] std::string confusion_table(const Evaluation& evaluation);

/// Precision, recall, F1 and support of every digit.
[[nodiscard]] std::string per_class_table(const Evaluation& evaluation);

}  // namespace qmnist
