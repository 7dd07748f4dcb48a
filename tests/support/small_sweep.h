#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/small_run.h"

namespace qmnist::test {

/// A sweep over the small run's config.
class SmallSweep {
 public:
  explicit SmallSweep(const Json& changes = Json::object(), const Json& config = Json::object())
      : run_(config) {
    Json sweep{{"base", "config.json"},
               {"set", {{"training.epochs", 2}, {"data.validation_fraction", 0.2}}},
               {"search", "grid"},
               {"parameters", {{"training.batch_size", {16, 32}}, {"training.seed", {0, 1}}}},
               {"output", {{"dir", "sweep"}}}};
    sweep.merge_patch(changes);
    write_file(run_.folder() / "sweep.json", sweep.dump());
  }

  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"sweep", "--config", run_.folder() / "sweep.json"});
    return qmnist_command(std::move(more));
  }
  [[nodiscard]] ProgramResult sweep(std::vector<std::string> more = {}) const {
    return run_program(command(std::move(more)));
  }
  [[nodiscard]] std::filesystem::path file(std::string_view name) const {
    return run_.folder() / "sweep" / name;
  }
  [[nodiscard]] const SmallRun& run() const { return run_; }

  /// Cells of results.csv without quotes, its header first.
  [[nodiscard]] std::vector<std::vector<std::string>> results() const {
    std::vector<std::vector<std::string>> rows;
    std::istringstream lines(read_file(file("results.csv")));
    for (std::string line; std::getline(lines, line);) {
      std::vector<std::string>& row = rows.emplace_back();
      std::istringstream cells(line + ",");
      for (std::string cell; std::getline(cells, cell, ',');) {
        row.push_back(cell);
      }
    }
    return rows;
  }

 private:
  SmallRun run_;
};

}  // namespace qmnist::test
