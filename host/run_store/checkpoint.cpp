#include "host/run_store/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/config/config_keys.h"
#include "host/data/sha256.h"
#include "host/error.h"
#include "host/model/safetensors.h"
#include "host/run_store/checkpoint_times.h"
#include "host/run_store/run_folder.h"

namespace qmnist {
namespace {

constexpr const char* kRunKey = "qmnist_gpu";  // metadata entry that holds the JSON below
constexpr const char* kChecksum = "sha256";    // its last key
constexpr const char* kParameters = "model.";
constexpr const char* kAverages = "average.";
constexpr const char* kBest = "best.";

constexpr std::string_view kEpochs = "training.epochs";

/// Keys that say how long, where and on what a run goes, not what it computes.
constexpr std::array<std::string_view, 15> kFreeKeys{"data.source",
                                                     "data.dir",
                                                     "data.images",
                                                     "data.labels",
                                                     "data.test_images",
                                                     "data.test_labels",
                                                     "data.on_device",
                                                     kEpochs,
                                                     "training.threads",
                                                     "training.kernels",
                                                     "device",
                                                     "device_index",
                                                     "output.dir",
                                                     "output.checkpoint_seconds",
                                                     "output.tensorboard"};

/// Of the tensors of each moment that the optimizer keeps.
std::vector<std::string> moment_prefixes(const Config& config) {
  std::vector<std::string> prefixes;
  for (const std::string_view moment : choice_of(config.optimizer.name).moments) {
    if (!moment.empty()) {
      prefixes.push_back(fmt::format("{}.", moment));
    }
  }
  return prefixes;
}

Json checksums(const Dataset& dataset) {
  Json sums = Json::array();
  for (const DataFile& file : dataset.files) {
    sums.push_back(file.sha256);
  }
  return sums;
}

/// SHA-256 of all that a checkpoint holds.
/// @param run the metadata entry without its checksum
std::string checksum(const Checkpoint& checkpoint, const Json& run) {
  Sha256 sum;
  const std::string text = run.dump();
  sum.add(std::as_bytes(std::span(text)));
  for (const std::span<const float> arena : checkpoint.state.arenas()) {
    sum.add(std::as_bytes(arena));
  }
  if (checkpoint.best) {
    sum.add(std::as_bytes(std::span(checkpoint.best->parameters)));
  }
  return sum.digest();
}

/// The values of the keys that are not free, by their names. The number of epochs is one of them
/// where the learning rate follows it: the last, so that another schedule.name is noticed first.
Json fixed_values(const Config& config) {
  const Json all = config_json(config);
  Json fixed = Json::object();
  for (const ConfigKey& key : config_keys()) {
    if (std::ranges::find(kFreeKeys, key.name) == kFreeKeys.end()) {
      fixed[std::string(key.name)] = value_of(all, key.name);
    }
  }
  if (!config.teacher.checksums.empty()) {
    fixed["training.teacher"] = config.teacher.checksums;  // wherever the files are
  }
  if (choice_of(config.schedule.name).depends_on_epochs) {
    fixed[std::string(kEpochs)] = config.training.epochs;
  }
  return fixed;
}

void check_same_run(const std::string& place, const Json& run, const Config& config,
                    const Dataset& dataset) {
  const Json values = fixed_values(config);
  for (const auto& [key, now] : values.items()) {
    const Json& of_run = run.at("config");
    const Json before =
        of_run.contains(key) ? of_run.at(key) : value_of(config_json(Config()), key);
    if (before != now) {
      throw UsageError(
          "{}: {} was {} when this run started and is {} now{}; resume with the old "
          "value, or restart without --resume",
          place, key, before.dump(), now.dump(),
          key == kEpochs ? ", and the learning rate follows it (schedule.name)" : "");
    }
  }
  if (run.at("data") != checksums(dataset)) {
    throw DataError(
        "{}: this run was trained on other data files; resume with those, or start "
        "without --resume",
        place);
  }
}

/// Which arithmetic the run had. @throws DataError if this program has another version
std::string_view arithmetic_of(const std::string& place, const Safetensors& file) {
  const auto entry = file.metadata.find(kArithmeticKey);
  const std::string version = entry == file.metadata.end() ? "0" : entry->second;
  for (const std::string_view known : {kArithmetic, kArithmeticWithCublas}) {
    if (version == known) {
      return known;
    }
  }
  throw DataError(
      "{}: this run had version {} of the arithmetic, and this program has version {}; restart "
      "without --resume, or resume with the version of qmnist_gpu that wrote it",
      place, version, kArithmetic);
}

Checkpoint parse(const std::string& place, const Safetensors& file, const Network& network,
                 const Config& config, const Dataset& dataset) {
  const std::string_view arithmetic = arithmetic_of(place, file);
  Json run = parse_json(file.metadata.at(kRunKey));
  check_same_run(place, run, config, dataset);
  Checkpoint checkpoint{
      .state = {.parameters = file.arena(network, kParameters, place),
                .moments = {},
                .ema = config.regularization.ema_decay > 0 ? file.arena(network, kAverages, place)
                                                           : std::vector<float>(),
                .step = run.at("step")},
      .history = {},
      .running = {.loss_sum = run.at("running").at("loss_sum"),
                  .correct = run.at("running").at("correct"),
                  .samples = run.at("running").at("samples")},
      .best = {},
      .arithmetic = arithmetic,
  };
  for (const std::string& moment : moment_prefixes(config)) {
    checkpoint.state.moments.push_back(file.arena(network, moment, place));
  }
  if (run.contains("best")) {
    checkpoint.best = {.epoch = run.at("best").at("epoch"),
                       .loss = run.at("best").at("loss"),
                       .parameters = file.arena(network, kBest, place)};
  }
  const std::string expected_checksum = run.at(kChecksum);
  run.erase(kChecksum);
  if (checksum(checkpoint, run) != expected_checksum) {
    throw DataError(
        "{}: checksum mismatch (SHA-256), the checkpoint is corrupt; restart without --resume",
        place);
  }
  std::ranges::transform(run.at("history"), std::back_inserter(checkpoint.history),
                         epoch_metrics_from);
  return checkpoint;
}

Safetensors to_safetensors(const Checkpoint& checkpoint, const Network& network,
                           const Config& config, const Dataset& dataset) {
  Json history = Json::array();
  std::ranges::transform(checkpoint.history, std::back_inserter(history), timeless_json);
  Json run{{"step", checkpoint.state.step},
           {"epoch", checkpoint.finished_epochs()},
           {"history", history},
           {"running",
            {{"loss_sum", checkpoint.running.loss_sum},
             {"correct", checkpoint.running.correct},
             {"samples", checkpoint.running.samples}}},
           {"config", fixed_values(config)},
           {"data", checksums(dataset)}};
  Safetensors file;
  if (checkpoint.best) {
    run["best"] = {{"epoch", checkpoint.best->epoch}, {"loss", checkpoint.best->loss}};
    file.add_arena(network, checkpoint.best->parameters, kBest);
  }
  run[kChecksum] = checksum(checkpoint, run);
  file.metadata[kRunKey] = run.dump();
  file.metadata[kArithmeticKey] = checkpoint.arithmetic;
  file.add_arena(network, checkpoint.state.parameters, kParameters);
  const std::vector<std::string> prefixes = moment_prefixes(config);
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    file.add_arena(network, checkpoint.state.moments.at(i), prefixes[i]);
  }
  if (!checkpoint.state.ema.empty()) {
    file.add_arena(network, checkpoint.state.ema, kAverages);
  }
  return file;
}

Checkpoint checked_parse(const std::string& place, const Safetensors& file, const Network& network,
                         const Config& config, const Dataset& dataset) {
  if (!file.metadata.contains(kRunKey)) {
    throw DataError("{}: is not a checkpoint of a run; expected one that qmnist_gpu wrote", place);
  }
  try {
    return parse(place, file, network, config, dataset);
  } catch (const Json::exception& error) {
    throw DataError("{}: damaged checkpoint: {}", place, error.what());
  }
}

}  // namespace

std::string checkpoint_bytes(const Checkpoint& checkpoint, const Network& network,
                             const Config& config, const Dataset& dataset) {
  return serialize_safetensors(to_safetensors(checkpoint, network, config, dataset));
}

Checkpoint parse_checkpoint(std::string_view bytes, const std::string& place,
                            const Network& network, const Config& config, const Dataset& dataset) {
  return checked_parse(place, parse_safetensors(bytes, place), network, config, dataset);
}

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const Network& network, const Config& config, const Dataset& dataset) {
  write_times(path.parent_path() / run_file::kTimes, checkpoint);
  write_safetensors(path, to_safetensors(checkpoint, network, config, dataset));
}

Checkpoint read_checkpoint(const std::filesystem::path& path, const Network& network,
                           const Config& config, const Dataset& dataset) {
  Checkpoint checkpoint =
      checked_parse(path.string(), read_safetensors(path), network, config, dataset);
  read_times(path.parent_path() / run_file::kTimes, checkpoint);
  return checkpoint;
}

}  // namespace qmnist
