#include "host/run_store/run_record.h"

#include <charconv>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "host/error.h"
#include "host/read_file.h"
#include "host/run_store/run_folder.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

std::string read_run_file(const fs::path& path) {
  return read_file<DataError>(path, "the folder of a finished run");
}

/// Parses a number followed by `end` and removes both from the front of `text`.
template <typename Number>
bool consume(std::string_view& text, std::string_view end, Number& number) {
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  if (failure != std::errc() || !text.starts_with(end)) {
    return false;
  }
  text.remove_prefix(end.size());
  return true;
}

std::optional<Prediction> to_prediction(std::string_view row, std::size_t classes) {
  Prediction prediction{};
  const bool is_complete = consume(row, ",", prediction.index) &&
                           consume(row, ",", prediction.label) &&
                           consume(row, ",", prediction.predicted) &&
                           consume(row, "", prediction.confidence) && row.empty();
  const bool are_classes = prediction.label < classes && prediction.predicted < classes;
  return is_complete && are_classes ? std::optional(prediction) : std::nullopt;
}

std::vector<Prediction> read_predictions(const fs::path& path, std::size_t classes) {
  std::istringstream file(read_run_file(path));
  file.exceptions(std::ios::badbit);  // a failed allocation must not look like the end of the file
  std::vector<Prediction> predictions;
  std::string row;
  for (std::size_t line = 1; std::getline(file, row); ++line) {
    if (line == 1 && row == kPredictionColumns) {
      continue;
    }
    const auto prediction = to_prediction(row, classes);
    if (line == 1 || !prediction) {
      throw DataError("{}: line {}: expected {}{}", path.string(), line,
                      line == 1 ? "the columns " : "a row of ", kPredictionColumns);
    }
    predictions.push_back(*prediction);
  }
  if (predictions.empty()) {
    throw DataError("{}: contains no predictions; expected those of a finished run", path.string());
  }
  return predictions;
}

}  // namespace

Json read_run_json(const fs::path& path) {
  const std::string text = read_run_file(path);
  try {
    Json values = parse_json(text);
    if (!values.is_object()) {
      throw DataError("{}: is not a JSON object; expected that of a finished run", path.string());
    }
    return values;
  } catch (const Json::exception& error) {
    throw DataError("{}: {}", path.string(), error.what());
  }
}

RunRecord read_run(const fs::path& folder) {
  Json config = read_run_json(folder / run_file::kConfig);
  Json summary = read_run_json(folder / run_file::kSummary);
  const std::size_t classes = summary.value("confusion", Json::array()).size();
  return {.folder = folder,
          .config = std::move(config),
          .summary = std::move(summary),
          .predictions = read_predictions(folder / run_file::kPredictions, classes)};
}

}  // namespace qmnist
