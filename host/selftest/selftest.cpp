#include "host/selftest/selftest.h"

#include <fmt/format.h>

#include <memory>
#include <numeric>

#include "host/engines/engine_kinds.h"
#include "host/error.h"
#include "host/selftest/cpu_checks.h"
#include "host/selftest/expectations.h"
#include "host/selftest/gpu_checks.h"
#include "host/system/available_cpus.h"

namespace qmnist::selftest {
namespace {

void append(std::vector<Check>& checks, std::vector<Check> more) {
  std::ranges::move(more, std::back_inserter(checks));
}

void add_numbered(Plan& plan, const std::shared_ptr<Expectations>& expectations,
                  const EngineKind& kind, std::vector<std::size_t> indices) {
  const std::vector<std::string> lines = kind.devices();
  if (indices.empty()) {
    indices.resize(lines.size());
    std::iota(indices.begin(), indices.end(), std::size_t{0});
  }
  for (const std::size_t index : indices) {
    plan.devices.push_back(lines.at(index));
    append(plan.checks, gpu_checks(expectations, fmt::format("{} {}", kind.title, index),
                                   [&kind, index](EngineSettings settings) {
                                     settings.device_index = index;
                                     return kind.make(std::move(settings));
                                   }));
  }
}

/// @throws DeviceError as make_engine()
void require_device(const std::string& device, const std::vector<std::size_t>& indices) {
  EngineSettings smallest{.network = Network(1, {}, 2), .optimizer = {}, .batch_size = 1};
  smallest.device_index = indices.empty() ? 0 : indices.front();
  (void)make_engine(device, smallest);
}

}  // namespace

Plan plan_checks(const std::string& device, const std::vector<std::size_t>& indices) {
  if (device != kAutoDevice) {
    require_device(device, indices);
  }
  Plan plan;
  const auto expectations = std::make_shared<Expectations>(available_cpus());
  for (const EngineKind* kind : engine_kinds()) {
    if (device != kAutoDevice && device != kind->name) {
      continue;
    }
    try {
      if (kind->is_numbered) {
        add_numbered(plan, expectations, *kind, indices);
      } else {
        append(plan.checks, cpu_checks(expectations));
        plan.devices.push_back(fmt::format("{}: {}", kind->title, kind->devices().front()));
      }
    } catch (const DeviceError& error) {
      plan.devices.push_back(fmt::format("{}: none: {}", kind->title, error.what()));
    }
  }
  return plan;
}

}  // namespace qmnist::selftest
