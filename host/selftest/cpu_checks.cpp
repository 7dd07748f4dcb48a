#include "host/selftest/cpu_checks.h"

#include <fmt/format.h>

#include <set>
#include <string>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cpu/instruction_set.h"
#include "host/selftest/step_time.h"

namespace qmnist::selftest {
namespace {

std::unique_ptr<Engine> make_cpu_engine(EngineSettings settings, std::size_t threads) {
  settings.threads = threads;
  return std::make_unique<cpu::CpuEngine>(std::move(settings));
}

/// Both cases together use all of the engine's vector code.
Finding compare_with_plain_loops(Expectations& expectations, const std::string& instructions,
                                 std::size_t threads) {
  const cpu::OnlyInstructionSet only(instructions);
  Finding all;
  for (const TrainingCase& training : {baseline_case(40), everything_case(20)}) {
    Finding found = compare_bits(
        [&](EngineSettings settings) { return make_cpu_engine(std::move(settings), threads); },
        training, expectations.images(), expectations.by_plain_loops(training), "plain loops");
    if (!found.difference.empty()) {
      return found;
    }
    all.detail = all.detail.empty() ? found.detail
                                    : fmt::format("{} and {}", all.detail, training.description());
  }
  return all;
}

Finding measure_cpu(Expectations& expectations) {
  const auto engine = make_cpu_engine(baseline_case(1).settings, expectations.threads());
  const StepTime time = measure_steps(*engine, expectations.epoch_images());
  return {.difference = "",
          .detail = fmt::format("{}, {} threads", time.text(), expectations.threads()),
          .figures = {{"step_seconds", time.median}}};
}

}  // namespace

std::vector<Check> cpu_checks(const std::shared_ptr<Expectations>& expectations) {
  std::vector<Check> checks;
  for (const std::string& instructions : cpu::instruction_sets()) {
    for (const std::size_t threads : std::set<std::size_t>{1, expectations->threads()}) {
      checks.push_back(
          {.device = "CPU",
           .name = fmt::format("{}, {} thread{}", instructions, threads, threads == 1 ? "" : "s"),
           .run = [=] { return compare_with_plain_loops(*expectations, instructions, threads); }});
    }
  }
  checks.push_back(
      {.device = "CPU", .name = "time", .run = [=] { return measure_cpu(*expectations); }});
  return checks;
}

}  // namespace qmnist::selftest
