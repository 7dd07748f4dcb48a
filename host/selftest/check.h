#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace qmnist::selftest {

/// What a check found.
struct Finding {
  std::string difference;                      ///< where it failed; empty where it passed
  std::string detail;                          ///< what was compared or measured
  std::map<std::string, double> figures = {};  ///< what was measured, by name with unit
};

/// A check that can be run.
struct Check {
  std::string device;  ///< "CPU", "GPU 0"
  std::string name;
  std::function<Finding()> run;  ///< @throws DeviceError where the device fails
};

/// A check that was run.
struct CheckResult {
  std::string device;
  std::string name;
  bool passed;
  std::string detail;  ///< what was compared or measured, or what differs
  std::map<std::string, double> figures = {};
};

/// Called before each check with its number, from 0; false ends the self-test.
using OnCheck = std::function<bool(std::size_t number, const Check& check)>;

/// Runs checks one after the other. A device that fails (DeviceError) has failed that check, and
/// its other ones are left out.
/// @return less than all results where `on_check` ended it
[[nodiscard]] std::vector<CheckResult> run_checks(const std::vector<Check>& checks,
                                                  const OnCheck& on_check);

}  // namespace qmnist::selftest
