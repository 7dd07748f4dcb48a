#include "host/cli/shard_option.h"

#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>

#include "host/error.h"

namespace qmnist {
namespace {

constexpr std::size_t kNoShard = std::numeric_limits<std::size_t>::max();

std::optional<std::size_t> to_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number ? std::optional(number) : std::nullopt;
}

std::optional<std::size_t> number_in(const char* variable) {
  const char* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): at the start
  return text == nullptr ? std::nullopt : to_number(text);
}

/// The task of a Slurm array whose numbers may start anywhere and have any distance.
std::optional<sweep::Shard> shard_of_slurm() {
  const auto task = number_in("SLURM_ARRAY_TASK_ID");
  const auto count = number_in("SLURM_ARRAY_TASK_COUNT");
  if (!task || !count) {
    return std::nullopt;
  }
  const std::size_t first = number_in("SLURM_ARRAY_TASK_MIN").value_or(0);
  const std::size_t step = number_in("SLURM_ARRAY_TASK_STEP").value_or(1);
  return sweep::Shard{.index = (*task - first) / step, .count = *count};
}

sweep::Shard automatic(std::optional<std::size_t> count) {
  if (const auto shard = shard_of_slurm()) {
    return {.index = shard->index, .count = count.value_or(shard->count)};
  }
  if (const auto index = number_in("JOB_COMPLETION_INDEX"); index && count) {
    return {.index = *index, .count = *count};
  }
  throw UsageError(
      "--shard auto needs a task of a Slurm array (SLURM_ARRAY_TASK_ID and _COUNT); auto/N also "
      "takes "
      "a pod of a Kubernetes Indexed Job (JOB_COMPLETION_INDEX)");
}

}  // namespace

sweep::Shard parse_shard_option(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  const std::optional<std::size_t> count =
      slash == std::string_view::npos ? std::nullopt : to_number(text.substr(slash + 1));
  sweep::Shard shard{.index = to_number(first).value_or(kNoShard), .count = count.value_or(0)};
  if (first == "auto" && (slash == std::string_view::npos || count)) {
    shard = automatic(count);
  }
  if (shard.index >= shard.count) {
    throw UsageError("--shard is \"{}\"; expected K/N, with K from 0 to N - 1, auto or auto/N",
                     text);
  }
  return shard;
}

}  // namespace qmnist
