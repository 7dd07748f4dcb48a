#include "host/sweep/result_files.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "host/atomic_file.h"
#include "host/error.h"
#include "host/html/html.h"
#include "host/image/svg.h"
#include "host/run_store/run_folder.h"
#include "host/sweep/repetition.h"
#include "host/sweep/results.h"

namespace qmnist::sweep {
namespace {

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

std::vector<std::string> csv_row(const Sweep& sweep, std::size_t trial) {
  const TrialResult& result = sweep.results()[trial];
  std::vector<std::string> row{fmt::format("{:03}", trial)};
  for (const Json& value : sweep.trials()[trial].parameters) {
    row.push_back(value.dump());
  }
  row.push_back(std::to_string(result.epochs()));
  if (const auto score = result.validation()) {
    row.insert(row.end(), {fmt::format("{}", score->accuracy), fmt::format("{}", score->loss)});
  } else {
    row.insert(row.end(), 2, "");
  }
  if (sweep.config().is_repetition()) {
    row.push_back(result.test ? fmt::format("{}", result.test->accuracy) : "");
    row.push_back(result.test ? fmt::format("{}", result.test->loss) : "");
  }
  row.insert(row.end(), {fmt::format("{:.3f}", result.seconds()),
                         result.failure ? result.failure->message : "", result.warning});
  std::ranges::transform(row, row.begin(), csv_cell);
  return row;
}

std::string page(const Sweep& sweep, const ResultText& text, std::string_view chart) {
  const std::string name = sweep.config().base.output.dir.filename().string();
  std::string body = fmt::format("<header>\n<h1>{}</h1>\n</header>\n<main>\n", escaped(name));
  for (const std::string& sentence : text.repetition) {
    body += "<p>" + sentence + "</p>\n";
  }
  body += html_table(text.table, "numbers") + std::string(chart) + "<p>Reports of finished trials:";
  for (std::size_t trial = 0; trial < sweep.trials().size(); ++trial) {
    if (sweep.results()[trial].test) {
      body += fmt::format(" <a href=\"{0:03}/report.html\">{0:03}</a>", trial);
    }
  }
  return html_page(name, "", body + "</p>\n</main>\n");
}

}  // namespace

std::string results_csv(const Sweep& sweep) {
  std::vector<std::string> columns{"trial"};
  for (const Parameter& parameter : sweep.config().parameters) {
    columns.push_back(parameter.key);
  }
  columns.insert(columns.end(), {"epochs", "validation_accuracy", "validation_loss"});
  if (sweep.config().is_repetition()) {
    columns.insert(columns.end(), {"test_accuracy", "test_loss"});
  }
  columns.insert(columns.end(), {"seconds", "failure", "warning"});
  std::string csv = fmt::format("{}\n", fmt::join(columns, ","));
  for (std::size_t trial = 0; trial < sweep.trials().size(); ++trial) {
    fmt::format_to(std::back_inserter(csv), "{}\n", fmt::join(csv_row(sweep, trial), ","));
  }
  return csv;
}

ResultText write_results(const Sweep& sweep, const Dataset& dataset) {
  const auto& folder = sweep.config().base.output.dir;
  write_atomically(folder / "results.csv", results_csv(sweep));
  const std::vector<Configuration> configurations = rank_configurations(sweep);
  if (configurations.empty()) {
    throw_failed_trials(sweep);
  }
  ResultText text{.table = configurations_table(sweep, configurations), .repetition = {}};
  const std::string chart = configurations_chart(sweep, configurations);
  if (has_svg_to_png()) {
    write_atomically(folder / "results.png", svg_to_png(chart));
  }
  if (sweep.config().is_repetition()) {
    const Repetition repetition = summarize_repetition(sweep, dataset);
    write_atomically(folder / run_file::kSummary, repetition_json(repetition).dump(2) + "\n");
    text.repetition = repetition_text(repetition);
  }
  write_atomically(folder / "sweep.html", page(sweep, text, chart));
  return text;
}

}  // namespace qmnist::sweep
