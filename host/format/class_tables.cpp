#include "host/format/class_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <vector>

#include "host/format/text.h"

namespace qmnist {
namespace {

constexpr std::size_t kMaxMatrix = 12;     // classes
constexpr std::size_t kMaxTableRows = 20;  // of other tables

/// Names that are too wide for columns stand behind the numbers that the columns have instead.
std::string confusion_matrix(const Evaluation& evaluation, std::span<const std::string> classes) {
  constexpr std::size_t kCell = 6;
  const bool fits = widest(classes) < kCell;
  const std::size_t row_head = fits ? kCell : widest(classes) + 3;
  std::string table = fmt::format("  true \\ predicted\n  {:{}}", "", row_head);
  const auto out = std::back_inserter(table);
  for (std::size_t label = 0; label < classes.size(); ++label) {
    fmt::format_to(out, "{:>{}}", fits ? classes[label] : std::to_string(label), kCell);
  }
  table += '\n';
  for (std::size_t label = 0; label < classes.size(); ++label) {
    if (fits) {
      fmt::format_to(out, "  {:>{}}", classes[label], row_head);
    } else {
      fmt::format_to(out, "  {:>2} {:<{}}", label, classes[label], row_head - 3);
    }
    for (const std::uint64_t count : evaluation.confusion[label]) {
      fmt::format_to(out, "{:>{}}", count, kCell);
    }
    table += '\n';
  }
  return table;
}

struct Confusion {
  std::size_t label;
  std::size_t predicted;
  std::uint64_t count;
};

std::string most_frequent_confusions(const Evaluation& evaluation,
                                     std::span<const std::string> classes) {
  std::vector<Confusion> confusions;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    for (std::size_t predicted = 0; predicted < classes.size(); ++predicted) {
      const std::uint64_t count = evaluation.confusion[label][predicted];
      if (label != predicted && count > 0) {
        confusions.push_back({label, predicted, count});
      }
    }
  }
  std::ranges::stable_sort(confusions, std::greater(), &Confusion::count);
  confusions.resize(std::min(confusions.size(), kMaxTableRows));
  Table table{
      .caption = fmt::format("  the most frequent confusions of {} classes", classes.size()),
      .columns = {"true", "predicted", "images"},
      .rows = {}};
  for (const Confusion& confusion : confusions) {
    table.rows.push_back(
        {classes[confusion.label], classes[confusion.predicted], grouped(confusion.count)});
  }
  return text_table(table);
}

}  // namespace

std::string confusion_table(const Evaluation& evaluation, std::span<const std::string> classes) {
  return classes.size() <= kMaxMatrix ? confusion_matrix(evaluation, classes)
                                      : most_frequent_confusions(evaluation, classes);
}

std::string per_class_table(const Evaluation& evaluation, std::span<const std::string> classes) {
  std::vector<std::size_t> rows(classes.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::string table;
  if (rows.size() > kMaxTableRows) {
    table = fmt::format("  the {} of {} classes with the lowest F1\n", kMaxTableRows, rows.size());
    std::ranges::stable_sort(rows, {},
                             [&](std::size_t label) { return evaluation.per_class[label].f1; });
    rows.resize(kMaxTableRows);
  }
  const std::size_t width = std::max(widest(classes), std::size_t{6});
  const auto out = std::back_inserter(table);
  fmt::format_to(out, "  {:>{}}{:>11}{:>9}{:>9}{:>9}\n", "class", width, "precision", "recall",
                 "F1", "support");
  for (const std::size_t label : rows) {
    const ClassReport& report = evaluation.per_class[label];
    fmt::format_to(out, "  {:>{}}{:>11.4f}{:>9.4f}{:>9.4f}{:>9}\n", classes[label], width,
                   report.precision, report.recall, report.f1, report.support);
  }
  return table;
}

}  // namespace qmnist
