#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "host/config/config.h"

namespace qmnist {

/// The key whose values repeat a setting instead of making another one.
inline constexpr const char* kSeedKey = "training.seed";

/// How trials are chosen: every combination of the values, combinations drawn at random, or those
/// with successive halving.
enum class Search { kGrid, kRandom, kHalving };

inline constexpr std::array kSearches{
    Choice<Search>{Search::kGrid, "grid"},
    Choice<Search>{Search::kRandom, "random"},
    Choice<Search>{Search::kHalving, "halving"},
};
[[nodiscard]] constexpr const auto& choices(Search /*of*/) {
  return kSearches;
}

/// Numbers from `min` to `max`, both included; for integer keys the integers among them.
struct ParameterRange {
  double min;
  double max;
  bool is_log;  ///< each factor is as likely as the next, not each difference
  bool is_integer;
};

/// A config key that differs between trials.
struct Parameter {
  std::string key;  ///< dotted
  std::variant<std::vector<Json>, ParameterRange> values;
};

/// Successive halving: all trials train `first_epochs`, the best 1/factor of them go on to factor
/// times as many, and so on up to training.epochs.
/// Source: Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter
/// optimization (2016)
struct Halving {
  std::size_t factor;
  std::size_t first_epochs;
};

/// A checked sweep file.
struct SweepConfig {
  Config base;  ///< of all trials; its output.dir is the sweep's
  Search search;
  std::vector<Parameter> parameters;  ///< in the file's order, at least one
  std::size_t trials;                 ///< of a random search or halving
  std::uint32_t seed;                 ///< likewise
  Halving halving;

  /// Whether the trials are one experiment with several seeds, among which nothing is chosen.
  [[nodiscard]] bool is_repetition() const;
};

/// Reads a sweep file; its relative paths are taken from its folder.
/// @throws UsageError naming file, key and what would be right
[[nodiscard]] SweepConfig load_sweep(const std::filesystem::path& file);

}  // namespace qmnist
