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

ChosenEngine make_engine_of(const EngineKind& kind, const EngineSettings& settings,
                            std::size_t bytes_beside) {
  const MemoryBudget memory = require_memory(kind.host_bytes(settings) + bytes_beside);
  return {.engine = kind.make(settings),
          .device = std::string(kind.name),
          .threads = settings.threads,
          .reason = "",
          .memory = memory};
}

ChosenEngine make_first_engine(const EngineSettings& settings, std::size_t bytes_beside) {
  std::string obstacles;
  for (const EngineKind* kind : engine_kinds()) {
    try {
      ChosenEngine chosen = make_engine_of(*kind, settings, bytes_beside);
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

ChosenEngine make_engine(std::string_view device, EngineSettings settings,
                         std::size_t bytes_beside) {
  if (settings.threads == 0) {
    settings.threads = available_cpus();
  }
  if (device == kAutoDevice) {
    return make_first_engine(settings, bytes_beside);
  }
  const auto message = [device](const DeviceError& error) {
    return fmt::format("device {}: {}; or use --device {}", device, error.what(),
                       engine_kinds().back()->name);
  };
  try {
    return make_engine_of(engine_kind(device), settings, bytes_beside);
  } catch (const DeviceMemoryError& error) {
    throw DeviceMemoryError("{}", message(error));
  } catch (const DeviceError& error) {
    throw DeviceError("{}", message(error));
  }
}

}  // namespace qmnist
