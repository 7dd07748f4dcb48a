#include "host/sweep/sweep_config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "host/config/config_keys.h"
#include "host/error.h"

namespace qmnist::sweep {
namespace {

namespace fs = std::filesystem;

/// Keys that must be the same for all trials, so that they can be compared.
constexpr std::array<std::string_view, 15> kFixedKeys{
    "data.source",      "data.dir",
    "data.images",      "data.labels",
    "data.test_images", "data.test_labels",
    "data.split",       "data.test_fraction",
    "data.split_seed",  "data.validation_fraction",
    "data.transpose",   "data.first_label",
    "device",           "device_index",
    "output.dir"};

/// An object of a sweep file; errors start with its path in the file.
class Section {
 public:
  Section(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object.is_object()) {
      throw UsageError("{} is {}; it must be an object in braces", path_, text(object));
    }
  }

  void check_keys(const std::vector<std::string_view>& known) const {
    for (const auto& [key, value] : object_.items()) {
      if (std::ranges::find(known, key) == known.end()) {
        throw UsageError("{}: unknown key {} here; known are \"{}\"", path_, text(key),
                         fmt::join(known, "\", \""));
      }
    }
  }

  /// The value of a key, which satisfies the constraint.
  [[nodiscard]] const Json& at(std::string_view key, const Constraint& constraint) const {
    const auto found = object_.find(key);
    if (found == object_.end()) {
      throw UsageError("{}: {} is missing; it must be {}", path_, key, describe(constraint));
    }
    if (!satisfies(constraint, *found)) {
      throw UsageError("{}: {} is {}; it must be {}", path_, key, text(*found),
                       describe(constraint));
    }
    return *found;
  }

  [[nodiscard]] Json get(std::string_view key, const Constraint& constraint,
                         const Json& otherwise) const {
    return object_.contains(key) ? at(key, constraint) : otherwise;
  }

  [[nodiscard]] Section section(std::string_view key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) {
      throw UsageError("{}: {} is missing; it must be an object in braces", path_, key);
    }
    return {*found, fmt::format("{}: {}", path_, key)};
  }

  [[nodiscard]] bool has(std::string_view key) const { return object_.contains(key); }
  [[nodiscard]] const Json& json() const { return object_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  static std::string text(const Json& value) {
    return value.dump(-1, ' ', true, Json::error_handler_t::replace);
  }

  const Json& object_;
  std::string path_;
};

/// Whether a file has keys that every sweep file must have and no training config may have.
bool has_sweep_keys(const Json& document) {
  return document.contains("base") || document.contains("search") ||
         document.contains("parameters");
}

/// The keys of a sweep file with this search.
std::vector<std::string_view> known_keys(Search search) {
  std::vector<std::string_view> keys{"base", "set", "search", "parameters", "output"};
  if (search != Search::kGrid) {
    keys.insert(keys.end(), {"trials", "seed"});
  }
  if (search == Search::kHalving) {
    keys.emplace_back("halving");
  }
  return keys;
}

ParameterRange read_range(const Section& range, const ConfigKey& key) {
  const bool is_integer = std::holds_alternative<constraint::Integer>(key.constraint);
  if (!is_integer && !std::holds_alternative<constraint::Number>(key.constraint)) {
    throw UsageError("{} is a range, but must be {}; list the values to try", range.path(),
                     describe(key.constraint));
  }
  range.check_keys({"min", "max", "scale"});
  const ParameterRange result{
      .min = range.at("min", key.constraint),
      .max = range.at("max", key.constraint),
      .is_log = range.get("scale", constraint::OneOf{{"linear", "log"}}, "linear") == "log",
      .is_integer = is_integer};
  if (result.min >= result.max) {
    throw UsageError("{}: min is {} and max is {}; min must be less than max", range.path(),
                     result.min, result.max);
  }
  if (result.is_log && result.min <= 0) {
    throw UsageError("{}: min is {}; with scale \"log\" it must be more than 0", range.path(),
                     result.min);
  }
  return result;
}

std::vector<Json> read_list(const Json& list, const ConfigKey& key, const std::string& path) {
  if (!list.is_array() || list.empty()) {
    throw UsageError("{} is {}; it must be a list of values to try, in brackets", path,
                     list.dump());
  }
  for (const Json& value : list) {
    if (!satisfies(key.constraint, value)) {
      throw UsageError("{}: a value is {}; it must be {}", path, value.dump(),
                       describe(key.constraint));
    }
  }
  return list;
}

Parameter read_parameter(const std::string& name, const Json& values, const Section& parameters,
                         Search search) {
  const std::string path = fmt::format("{}: {}", parameters.path(), name);
  const ConfigKey* key = find_key(name);
  if (key == nullptr) {
    throw UsageError("{} is not a config key; the nearest one is \"{}\"", path, nearest_key(name));
  }
  const bool is_rung = search == Search::kHalving && name == "training.epochs";
  if (is_rung || std::ranges::find(kFixedKeys, name) != kFixedKeys.end()) {
    throw UsageError(
        "{} must be the same for all trials, so that they can be compared; put it into \"set\"",
        path);
  }
  if (!values.is_object()) {
    return {.key = name, .values = read_list(values, *key, path)};
  }
  if (search == Search::kGrid) {
    throw UsageError("{} is a range, but search is \"grid\"; list the values to try", path);
  }
  return {.key = name, .values = read_range({values, path}, *key)};
}

std::vector<Parameter> read_parameters(const Section& parameters, Search search) {
  std::vector<Parameter> result;
  std::size_t combinations = 1;
  for (const auto& [key, values] : parameters.json().items()) {
    result.push_back(read_parameter(key, values, parameters, search));
    combinations *= search == Search::kGrid ? values.size() : 1;
    if (combinations > kMaxTrials) {
      throw UsageError("{}: more than {} trials; list fewer values, or set search to \"random\"",
                       parameters.path(), kMaxTrials);
    }
  }
  if (result.empty()) {
    throw UsageError("{} is empty; name at least one key with the values to try",
                     parameters.path());
  }
  return result;
}

Halving read_halving(const Section& halving, const Config& base) {
  halving.check_keys({"factor", "first_epochs"});
  const Halving result{.factor = halving.at("factor", constraint::Integer{2, 100}),
                       .first_epochs = halving.at("first_epochs", constraint::Integer{1, 100000})};
  if (result.first_epochs >= base.training.epochs) {
    throw UsageError("{}: first_epochs is {}; it must be less than training.epochs, which is {}",
                     halving.path(), result.first_epochs, base.training.epochs);
  }
  return result;
}

/// The base config with the sweep's "set" and "output" applied, then the overrides.
Config read_base(const Section& sweep, const fs::path& folder,
                 std::span<const std::string> overrides) {
  const std::string base = sweep.at("base", constraint::Path{});
  Config config = load_config(folder / base, {});
  if (sweep.has("set")) {
    const Section set = sweep.section("set");
    config = with_changes(config, set.json(), set.path(), folder);
  }
  const Section output = sweep.section("output");
  output.check_keys({"dir"});
  const Json changes{{"output.dir", output.at("dir", constraint::Path{})}};
  return with_overrides(with_changes(config, changes, output.path(), folder), overrides);
}

/// Throws where an override would have no effect, as the trials have values of their own.
void check_overrides(std::span<const std::string> overrides, std::span<const Parameter> parameters,
                     const fs::path& file) {
  for (const std::string& assignment : overrides) {
    const std::string key = assignment.substr(0, assignment.find('='));
    if (std::ranges::find(parameters, key, &Parameter::key) != parameters.end()) {
      throw UsageError(
          "--set {}: {} differs between the trials of {}; change its values there, under "
          "\"parameters\"",
          assignment, key, file.string());
    }
  }
}

/// runs/best-seeds for runs/best, also if that ends in a slash.
fs::path seeds_folder(const fs::path& folder) {
  fs::path result = folder.has_filename() ? folder : folder.parent_path();
  result += "-seeds";
  return result;
}

}  // namespace

bool SweepConfig::is_repetition() const {
  return search != Search::kHalving && parameters.size() == 1 && parameters.front().key == kSeedKey;
}

SweepConfig load_sweep(const fs::path& file, std::span<const std::string> overrides) {
  const Json document = read_document(file);
  if (!has_sweep_keys(document)) {
    throw UsageError(
        "{}: has no base, search and parameters, so it is no sweep file; to repeat a training "
        "config with 5 seeds, add --seeds 5",
        file.string());
  }
  const Section sweep(document, file.string());
  const auto search =
      find_choice<Search>(sweep.at("search", constraint::one_of<Search>()).get<std::string>())
          .value();
  sweep.check_keys(known_keys(search));
  const bool is_grid = search == Search::kGrid;
  SweepConfig config{
      .base = read_base(sweep, fs::absolute(file).parent_path(), overrides),
      .search = search,
      .parameters = read_parameters(sweep.section("parameters"), search),
      .trials =
          is_grid ? 0 : sweep.at("trials", constraint::Integer{1, kMaxTrials}).get<std::size_t>(),
      .seed = sweep.get("seed", constraint::seed(), 0),
      .halving = {}};
  check_overrides(overrides, config.parameters, file);
  if (search == Search::kHalving) {
    config.halving = read_halving(sweep.section("halving"), config.base);
  }
  if (config.base.data.validation_fraction == 0 && !config.is_repetition()) {
    throw UsageError(
        "{}: data.validation_fraction is 0, but trials are ranked by validation accuracy, never by "
        "test accuracy; add \"data.validation_fraction\": 0.1 to \"set\"",
        file.string());
  }
  return config;
}

SweepConfig seeds_sweep(const fs::path& file, std::span<const std::string> overrides,
                        std::size_t count) {
  if (has_sweep_keys(read_document(file))) {
    throw UsageError(
        "{}: is a sweep file, but --seeds repeats a training config; leave out --seeds, or give "
        "--config a training config",
        file.string());
  }
  Config base = load_config(file, overrides);
  base.output.dir = seeds_folder(base.output.dir);
  const std::uint64_t first = base.training.seed;
  const std::uint64_t last = first + count - 1;
  if (!satisfies(constraint::seed(), last)) {
    throw UsageError(
        "{}: training.seed is {}, so the last of {} seeds would be {}, but the largest seed is {}; "
        "lower training.seed or --seeds",
        file.string(), first, count, last, constraint::seed().maximum);
  }
  std::vector<Json> seeds;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    seeds.emplace_back(seed);
  }
  return {.base = std::move(base),
          .search = Search::kGrid,
          .parameters = {{.key = kSeedKey, .values = std::move(seeds)}},
          .trials = 0,
          .seed = 0,
          .halving = {}};
}

}  // namespace qmnist::sweep
