#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "host/config/config.h"

namespace qmnist::sweep {

/// The key whose values repeat a configuration instead of making another one.
inline constexpr const char* kSeedKey = "training.seed";

/// The most trials of a sweep.
inline constexpr std::int64_t kMaxTrials = 10000;

/// How trials are chosen: every combination of the values, random draws, or random draws with
/// successive halving.
enum class Search { kGrid, kRandom, kHalving };

inline constexpr std::array kSearches{
    Choice<Search>{Search::kGrid, "grid"},
    Choice<Search>{Search::kRandom, "random"},
    Choice<Search>{Search::kHalving, "halving"},
};
[[nodiscard]] constexpr const auto& choices(Search /*of*/) {
  return kSearches;
}

/// Numbers from `min` to `max`, both included; integers for integer keys.
struct ParameterRange {
  double min;
  double max;
  bool is_log;  ///< uniform in the logarithm
  bool is_integer;
};

/// A config key that differs between trials.
struct Parameter {
  std::string key;  ///< dotted
  std::variant<std::vector<Json>, ParameterRange> values;
};

/// Successive halving: all trials train `first_epochs` epochs, the best 1/factor of them continue
/// to factor times as many, and so on up to training.epochs. Source: Jamieson and Talwalkar,
/// Non-stochastic best arm identification and hyperparameter optimization (2016)
struct Halving {
  std::size_t factor;
  std::size_t first_epochs;
};

/// What a sweep trains, checked.
struct SweepConfig {
  Config base;  ///< config of all trials; its output.dir is the sweep's folder
  Search search;
  std::vector<Parameter> parameters;  ///< in the file's order, at least one
  std::size_t trials;                 ///< number of draws of a random search or halving
  std::uint32_t seed;                 ///< of these draws
  Halving halving;

  /// Whether the trials repeat one experiment with several seeds, so that nothing is selected.
  [[nodiscard]] bool is_repetition() const;
};

/// Reads a sweep file; paths in it are relative to its folder.
/// @param overrides of the base config, applied after the file's "set" and "output"
/// @throws UsageError naming file, key and what would be right; for an override of a key that
///   differs between trials
[[nodiscard]] SweepConfig load_sweep(const std::filesystem::path& file,
                                     std::span<const std::string> overrides);

/// Repeats a training config with its own seed and the ones after it. The sweep's folder is the
/// config's output.dir with "-seeds" appended to its name: runs/best-seeds.
/// @param file of the training config
/// @param overrides of that config
/// @param count of seeds, 1 to kMaxTrials
/// @throws UsageError as load_config; for a sweep file; if the last seed is too large
[[nodiscard]] SweepConfig seeds_sweep(const std::filesystem::path& file,
                                      std::span<const std::string> overrides, std::size_t count);

}  // namespace qmnist::sweep
