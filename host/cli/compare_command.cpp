#include "host/cli/compare_command.h"

#include <fmt/format.h>

#include "host/atomic_file.h"
#include "host/cli/output.h"
#include "host/format/text.h"
#include "host/html/html.h"
#include "host/run_store/comparison.h"

namespace qmnist {
namespace {

std::string p_text(double p) {
  return p < 0.0001 ? "< 0.0001" : fmt::format("{:.4f}", p);
}

Table runs_table(const Comparison& comparison) {
  Table table{.caption = "Runs",
              .columns = {"run", "accuracy", "loss", "epochs", "training s", "correct only here",
                          "correct only in first", "p"},
              .rows = {}};
  for (const ComparedRun& run : comparison.runs) {
    std::vector<std::string> row{run.name, accuracy_text(run.accuracy, run.images),
                                 fmt::format("{:.4f}", run.loss), grouped(run.epochs),
                                 fmt::format("{:.1f}", run.seconds_train)};
    if (const auto& against = run.against_first) {
      row.insert(row.end(), {grouped(against->only_second), grouped(against->only_first),
                             p_text(mcnemar_p(*against))});
    } else {
      row.insert(row.end(), 3, "-");
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table differences_table(const Comparison& comparison) {
  Table table{.caption = "Config differences", .columns = {"key"}, .rows = {}};
  for (const ComparedRun& run : comparison.runs) {
    table.columns.push_back(run.name);
  }
  for (const ConfigDifference& difference : comparison.differences) {
    std::vector<std::string>& row = table.rows.emplace_back(1, difference.key);
    row.insert(row.end(), difference.values.begin(), difference.values.end());
  }
  return table;
}

/// A sentence that says whether a run differs significantly from the first one.
std::string conclusion(const ComparedRun& first, const ComparedRun& run) {
  constexpr double kSignificant = 0.05;
  if (!run.against_first) {
    return fmt::format("{} and {} have different test sets and cannot be compared.", run.name,
                       first.name);
  }
  const double p = mcnemar_p(*run.against_first);
  if (p >= kSignificant) {
    return fmt::format("{} and {} do not differ significantly (p {}, McNemar's exact test).",
                       run.name, first.name, p_text(p));
  }
  const bool is_better = run.against_first->only_second > run.against_first->only_first;
  return fmt::format("{} is significantly {} than {} (p {}, McNemar's exact test).", run.name,
                     is_better ? "better" : "worse", first.name, p_text(p));
}

std::string page(const std::vector<Table>& tables, const std::vector<std::string>& conclusions) {
  std::string body = "<header>\n<h1>Comparison of runs</h1>\n</header>\n<main>\n";
  for (const std::string& sentence : conclusions) {
    body += "<p>" + escaped(sentence) + "</p>\n";
  }
  for (const Table& table : tables) {
    body += html_table(table, "numbers");
  }
  return html_page("Comparison of runs", "", body + "</main>\n");
}

}  // namespace

ExitStatus compare_command(const CompareOptions& options) {
  std::vector<RunRecord> records;
  for (const auto& folder : options.runs) {
    records.push_back(read_run(folder));
  }
  const Comparison comparison = compare(records);
  const std::vector<Table> tables{runs_table(comparison), differences_table(comparison)};
  std::vector<std::string> conclusions;
  for (std::size_t i = 1; i < comparison.runs.size(); ++i) {
    conclusions.push_back(conclusion(comparison.runs.front(), comparison.runs[i]));
  }
  if (!options.html.empty()) {
    write_atomically(options.html, page(tables, conclusions));
  }
  for (const Table& table : tables) {
    print_out("{}\n", text_table(table));
  }
  for (const std::string& sentence : conclusions) {
    print_out("{}\n", sentence);
  }
  return ExitStatus::kDone;
}

}  // namespace qmnist
