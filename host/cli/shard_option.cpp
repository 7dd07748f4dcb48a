#include "host/cli/shard_option.h"

#include <algorithm>
#include <optional>

#include "host/error.h"
#include "host/whole_number.h"

namespace qmnist {
namespace {

/// The task of a Slurm array whose numbers may start anywhere and have any distance.
std::optional<sweep::Shard> shard_of_slurm() {
  const auto task = whole_number_in("SLURM_ARRAY_TASK_ID");
  const auto count = whole_number_in("SLURM_ARRAY_TASK_COUNT");
  if (!task || !count) {
    return std::nullopt;
  }
  const std::size_t first = whole_number_in("SLURM_ARRAY_TASK_MIN").value_or(0);
  const std::size_t step =
      std::max<std::size_t>(1, whole_number_in("SLURM_ARRAY_TASK_STEP").value_or(1));
  return sweep::Shard{.index = (*task - first) / step, .count = *count};
}

sweep::Shard automatic(std::optional<std::size_t> count) {
  if (const auto shard = shard_of_slurm()) {
    return {.index = shard->index, .count = count.value_or(shard->count)};
  }
  if (const auto index = whole_number_in("JOB_COMPLETION_INDEX"); index && count) {
    return {.index = *index, .count = *count};
  }
  throw UsageError(
      "--shard auto needs a task of a Slurm array (SLURM_ARRAY_TASK_ID and _COUNT); auto/N also "
      "takes a pod of a Kubernetes Indexed Job (JOB_COMPLETION_INDEX)");
}

}  // namespace

sweep::Shard parse_shard_option(std::string_view text) {
  const std::size_t slash = text.find('/');
  const bool has_count = slash != std::string_view::npos;
  const std::string_view first = text.substr(0, slash);
  const auto count = has_count ? whole_number(text.substr(slash + 1)) : std::nullopt;
  std::optional<sweep::Shard> shard;
  if (first == "auto" && (count || !has_count)) {
    shard = automatic(count);
  } else if (const auto index = whole_number(first); index && count) {
    shard = {.index = *index, .count = *count};
  }
  if (!shard || shard->index >= shard->count) {
    throw UsageError("--shard is \"{}\"; expected K/N, with K from 0 to N - 1, auto or auto/N",
                     text);
  }
  return *shard;
}

}  // namespace qmnist
