#include "host/selftest/check.h"

#include <set>
#include <utility>

#include "host/error.h"

namespace qmnist::selftest {
namespace {

CheckResult result_of(const Check& check, Finding found) {
  const bool passed = found.difference.empty();
  return {.device = check.device,
          .name = check.name,
          .passed = passed,
          .detail = passed ? std::move(found.detail) : std::move(found.difference),
          .figures = std::move(found.figures)};
}

}  // namespace

std::vector<CheckResult> run_checks(const std::vector<Check>& checks, const OnCheck& on_check) {
  std::vector<CheckResult> results;
  std::set<std::string> failed_devices;
  for (std::size_t i = 0; i < checks.size() && on_check(i, checks[i]); ++i) {
    if (failed_devices.contains(checks[i].device)) {
      continue;
    }
    try {
      results.push_back(result_of(checks[i], checks[i].run()));
    } catch (const DeviceError& error) {
      failed_devices.insert(checks[i].device);
      results.push_back(result_of(checks[i], {.difference = error.what(), .detail = ""}));
    }
  }
  return results;
}

}  // namespace qmnist::selftest
