#include "host/run_store/comparison.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "host/config/config.h"
#include "host/error.h"
#include "host/run_store/run_folder.h"

namespace qmnist {
namespace {

ComparedRun to_compared(const RunRecord& run, const RunRecord& first) {
  ComparedRun compared;
  compared.name = run.folder.lexically_normal().string();
  try {
    compared.accuracy = run.summary.at("test_accuracy");
    compared.loss = run.summary.at("test_loss");
    compared.epochs = run.summary.at("epochs");
    compared.seconds_train = run.summary.at("seconds_train");
  } catch (const Json::exception& error) {
    throw DataError("{}: {}", (run.folder / run_file::kSummary).string(), error.what());
  }
  compared.images = run.predictions.size();
  if (&run != &first) {
    compared.against_first = disagreement(first.predictions, run.predictions);
  }
  return compared;
}

/// Collects the dotted keys of all values except objects.
void add_keys(const Json& values, const std::string& prefix, std::vector<std::string>& keys) {
  for (const auto& [name, value] : values.items()) {
    const std::string key = prefix + name;
    if (value.is_object()) {
      add_keys(value, key + ".", keys);
    } else if (std::ranges::find(keys, key) == keys.end()) {
      keys.push_back(key);
    }
  }
}

std::string value_at(const Json& values, const std::string& key) {
  const std::size_t dot = key.find('.');
  const auto found = values.find(key.substr(0, dot));
  if (found == values.end()) {
    return "";
  }
  return dot == std::string::npos ? found->dump() : value_at(*found, key.substr(dot + 1));
}

std::string split_of(const RunRecord& run) {
  const std::string split = value_at(run.config, "data.split");
  return split.empty() ? Json(name_of(DataSettings{}.split)).dump() : split;
}

void check_split(const RunRecord& run, const RunRecord& first) {
  const std::string split = split_of(run);
  const std::string expected = split_of(first);
  if (split != expected) {
    throw UsageError(
        "{}: its data.split is {}, that of {} is {}; compare runs with the same split, as others "
        "were not tested on the same images",
        run.folder.string(), split, first.folder.string(), expected);
  }
}

}  // namespace

std::optional<Disagreement> disagreement(std::span<const Prediction> first,
                                         std::span<const Prediction> second) {
  Disagreement result;
  if (first.size() != second.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].index != second[i].index || first[i].label != second[i].label) {
      return std::nullopt;
    }
    result.only_first += first[i].is_correct() && !second[i].is_correct() ? 1 : 0;
    result.only_second += second[i].is_correct() && !first[i].is_correct() ? 1 : 0;
  }
  return result;
}

double mcnemar_p(const Disagreement& disagreement) {
  const auto total = static_cast<double>(disagreement.only_first + disagreement.only_second);
  const std::size_t fewer = std::min(disagreement.only_first, disagreement.only_second);
  double tail = 0;
  double log_probability = -total * std::log(2.0);  // of exactly `only` disagreements of one kind
  for (std::size_t only = 0; only <= fewer; ++only) {
    tail += std::exp(log_probability);
    const auto count = static_cast<double>(only);
    log_probability += std::log((total - count) / (count + 1));
  }
  return std::min(1.0, 2 * tail);
}

Comparison compare(std::span<const RunRecord> runs) {
  Comparison comparison;
  std::vector<std::string> keys;
  for (const RunRecord& run : runs) {
    check_split(run, runs.front());
    comparison.runs.push_back(to_compared(run, runs.front()));
    add_keys(run.config, "", keys);
  }
  for (const std::string& key : keys) {
    ConfigDifference difference{.key = key, .values = {}};
    for (const RunRecord& run : runs) {
      difference.values.push_back(value_at(run.config, key));
    }
    const std::set<std::string> distinct(difference.values.begin(), difference.values.end());
    if (distinct.size() > 1 && key != "output.dir") {
      comparison.differences.push_back(std::move(difference));
    }
  }
  return comparison;
}

}  // namespace qmnist
