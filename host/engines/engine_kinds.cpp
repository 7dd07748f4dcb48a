#include "host/engines/engine_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "host/error.h"
#include "host/system/available_cpus.h"

// The registry, a line an engine: the name of its folder and namespace.
#define QMNIST_ENGINES(ENGINE) \
  ENGINE(cuda)                 \
  ENGINE(cpu)

#define QMNIST_DECLARE(folder)         \
  namespace qmnist::folder {           \
  extern const EngineKind kEngineKind; \
  }
QMNIST_ENGINES(QMNIST_DECLARE)
#undef QMNIST_DECLARE

namespace qmnist {
namespace {

ChosenGroup make_group_of(const EngineKind& kind, const std::vector<EngineSettings>& settings,
                          std::size_t bytes_beside) {
  std::size_t bytes = bytes_beside;
  for (const EngineSettings& of_engine : settings) {
    bytes += kind.host_bytes(of_engine);
  }
  const MemoryBudget memory = require_memory(bytes);
  return {.engines = kind.make_group(settings),
          .device = std::string(kind.name),
          .threads = settings.front().threads,
          .reason = "",
          .memory = memory};
}

ChosenGroup make_first_group(const std::vector<EngineSettings>& settings,
                             std::size_t bytes_beside) {
  std::string obstacles;
  for (const EngineKind* kind : engine_kinds()) {
    try {
      ChosenGroup chosen = make_group_of(*kind, settings, bytes_beside);
      chosen.reason = fmt::format("device auto: using the {}{}", kind->title,
                                  obstacles.empty() ? ", which can run this program" : obstacles);
      return chosen;
    } catch (const DeviceError& error) {
      obstacles += fmt::format(": {}", error.what());
    }
  }
  throw DeviceError("device auto: no device can be used{}", obstacles);
}

}  // namespace

std::span<const EngineKind* const> engine_kinds() {
#define QMNIST_ENTRY(folder) &folder::kEngineKind,
  static constexpr std::array kKinds{QMNIST_ENGINES(QMNIST_ENTRY)};
#undef QMNIST_ENTRY
  return kKinds;
}

std::vector<std::string_view> device_names() {
  std::vector<std::string_view> names{kAutoDevice};
  std::ranges::transform(engine_kinds(), std::back_inserter(names), &EngineKind::name);
  return names;
}

const EngineKind& engine_kind(std::string_view name) {
  const auto found = std::ranges::find(engine_kinds(), name, &EngineKind::name);
  if (found == engine_kinds().end()) {
    throw std::out_of_range("a device that no engine is for");
  }
  return **found;
}

ChosenGroup make_group(std::string_view device, std::vector<EngineSettings> settings,
                       std::size_t bytes_beside) {
  for (EngineSettings& of_engine : settings) {
    of_engine.threads = of_engine.threads == 0 ? available_cpus() : of_engine.threads;
  }
  if (device == kAutoDevice) {
    return make_first_group(settings, bytes_beside);
  }
  const auto message = [device](const DeviceError& error) {
    return fmt::format("device {}: {}; or use --device {}", device, error.what(),
                       engine_kinds().back()->name);
  };
  try {
    return make_group_of(engine_kind(device), settings, bytes_beside);
  } catch (const DeviceMemoryError& error) {
    throw DeviceMemoryError("{}", message(error));
  } catch (const DeviceError& error) {
    throw DeviceError("{}", message(error));
  }
}

ChosenEngine make_engine(std::string_view device, EngineSettings settings,
                         std::size_t bytes_beside) {
  return make_group(device, {std::move(settings)}, bytes_beside).take(0);
}

}  // namespace qmnist
