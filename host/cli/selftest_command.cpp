#include "host/cli/selftest_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "host/cli/interrupt.h"
#include "host/cli/output.h"
#include "host/cli/progress_line.h"
#include "host/json.h"
#include "host/selftest/selftest.h"
#include "host/stopwatch.h"

namespace qmnist {
namespace {

using selftest::CheckResult;

struct Report {
  std::vector<std::string> devices;
  std::vector<CheckResult> results;
  std::size_t left_out;  ///< checks of devices that failed before
  double seconds;

  [[nodiscard]] std::size_t failures() const {
    return static_cast<std::size_t>(std::ranges::count(results, false, &CheckResult::passed));
  }
};

std::string build_text() {
  return fmt::format("{}, {}, {}", QMNIST_COMPILER, QMNIST_BUILD_TYPE, QMNIST_CUDA_VERSION);
}

Json to_json(const Report& report) {
  Json checks = Json::array();
  for (const CheckResult& result : report.results) {
    Json& check = checks.emplace_back(Json{{"device", result.device},
                                           {"name", result.name},
                                           {"passed", result.passed},
                                           {"detail", result.detail}});
    for (const auto& [name, value] : result.figures) {
      check["figures"][name] = value;
    }
  }
  return {{"version", QMNIST_VERSION}, {"build", build_text()},       {"devices", report.devices},
          {"checks", checks},          {"failed", report.failures()}, {"left_out", report.left_out},
          {"seconds", report.seconds}};
}

/// Columns of the longest text.
template <typename Member>
std::size_t width_of(const std::vector<CheckResult>& results, Member member) {
  std::size_t width = 0;
  for (const CheckResult& result : results) {
    width = std::max(width, (result.*member).size());
  }
  return width;
}

void print_report(const Report& report) {
  print_out("qmnist_gpu {}\nbuild: {}\n", QMNIST_VERSION, build_text());
  for (const std::string& device : report.devices) {
    print_out("{}\n", device);
  }
  print_out("\n");
  const std::size_t device_width = width_of(report.results, &CheckResult::device);
  const std::size_t name_width = width_of(report.results, &CheckResult::name);
  for (const CheckResult& result : report.results) {
    print_out("{:<{}}  {:<{}}  {}  {}\n", result.device, device_width, result.name, name_width,
              result.passed ? "ok    " : "FAILED", result.detail);
  }
  const std::size_t checks = report.results.size();
  if (report.failures() == 0) {
    print_out("\nAll {} checks passed in {:.0f} s\n", checks, report.seconds);
  } else {
    print_out("\n{} of {} checks failed, {} left out\n", report.failures(),
              checks + report.left_out, report.left_out);
  }
}

}  // namespace

ExitStatus selftest_command(const SelftestOptions& options) {
  const Stopwatch watch;
  const selftest::Plan plan = selftest::plan_checks(options.device.name, options.device.indices);
  ProgressLine progress(isatty(STDERR_FILENO) == 1);
  const std::vector<CheckResult> results =
      selftest::run_checks(plan.checks, [&](std::size_t number, const selftest::Check& check) {
        progress.show(
            fmt::format("{}/{}  {}: {}", number + 1, plan.checks.size(), check.device, check.name));
        return !interrupt_requested();
      });
  progress.clear();
  if (interrupt_requested()) {
    return ExitStatus::kInterrupted;
  }
  const Report report{.devices = plan.devices,
                      .results = results,
                      .left_out = plan.checks.size() - results.size(),
                      .seconds = watch.seconds()};
  if (options.json) {
    print_out("{}\n", to_json(report).dump(2));
  } else {
    print_report(report);
  }
  return report.failures() == 0 ? ExitStatus::kDone : ExitStatus::kDevice;
}

}  // namespace qmnist
