#include "host/selftest/gpu_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "host/engines/cpu/cpu_engine.h"
#include "host/selftest/step_time.h"

namespace qmnist::selftest {
namespace {

bool keep_going(const RunningMetrics& /*running*/) {
  return true;
}

/// Losses of consecutive batches, from the state that the engine has.
std::vector<double> losses(Engine& engine, const StrokeImages& images,
                           std::span<const std::uint32_t> order, std::size_t batch_size) {
  std::vector<double> losses;
  RunningMetrics metrics;
  while (metrics.samples < order.size()) {
    const double before = metrics.loss_sum;
    const std::size_t end = std::min<std::size_t>(metrics.samples + batch_size, order.size());
    engine.train(images.view(), order.first(end), metrics, keep_going);
    losses.push_back(metrics.loss_sum - before);
  }
  return losses;
}

/// cuBLAS adds in orders of its own, so losses differ by rounding, which grows from step to step.
/// Hence both sides start each 20 steps from the CPU's state; over these, an error of 1e-6 in a
/// gradient changes the loss by less than 1e-6 of it a step.
Finding compare_losses(Expectations& expectations, const MakeEngine& make_engine,
                       const TrainingCase& training) {
  constexpr std::size_t kSteps = 20;
  constexpr double kTolerance = 1e-4;
  const std::size_t batch_size = training.settings.batch_size;
  const auto engine = make_engine(training.settings);
  cpu::CpuEngine cpu(training.settings);
  cpu.set_state(initial_state(training.settings.network, 0));
  const std::vector<std::uint32_t> order = training.order(expectations.images().view().count());
  double largest = 0;
  for (std::size_t first = 0; first < order.size(); first += kSteps * batch_size) {
    const auto part =
        std::span(order).subspan(first, std::min(kSteps * batch_size, order.size() - first));
    engine->set_state(cpu.state());
    const auto actual = losses(*engine, expectations.images(), part, batch_size);
    const auto expected = losses(cpu, expectations.images(), part, batch_size);
    for (std::size_t i = 0; i < actual.size(); ++i) {
      const double error = std::abs(actual[i] / expected[i] - 1);
      if (!(error <= kTolerance)) {  // or not a number
        return {
            .difference = fmt::format("step {}: the batch's loss is {:.9g}, the CPU's is {:.9g}",
                                      first / batch_size + i + 1, actual[i], expected[i]),
            .detail = ""};
      }
      largest = std::max(largest, error);
    }
  }
  return {.difference = "",
          .detail = fmt::format("losses of {} are the CPU's, within {:.1e} of {:.0e}",
                                training.description(), largest, kTolerance),
          .figures = {{"largest_relative_difference", largest}}};
}

/// Trains a case on several engines in turn, each from the state of the one before.
Outcome train_in_turn(const TrainingCase& training, const StrokeImages& images,
                      const std::vector<std::function<std::unique_ptr<Engine>()>>& engines) {
  const DataView data = images.view();
  const std::vector<std::uint32_t> order = training.order(data.count());
  const std::size_t batch_size = training.settings.batch_size;
  Outcome outcome{
      .state = initial_state(training.settings.network, 0), .metrics = {}, .probabilities = {}};
  for (std::size_t i = 0; i < engines.size(); ++i) {
    const auto engine = engines[i]();
    engine->set_state(outcome.state);
    const bool is_last = i + 1 == engines.size();
    const std::size_t steps = training.steps * (i + 1) / engines.size();
    const auto part = std::span(order).first(is_last ? order.size() : steps * batch_size);
    engine->train(data, part, outcome.metrics, keep_going);
    outcome.state = engine->state();
    if (is_last) {
      outcome.probabilities = engine->predict(data, predicted_images(data.count()));
    }
  }
  return outcome;
}

Finding resume_on_the_cpu(Expectations& expectations, const MakeEngine& make_engine,
                          const TrainingCase& training) {
  const auto on_gpu = [&] { return make_engine(training.settings); };
  const auto on_cpu = [&]() -> std::unique_ptr<Engine> {
    return std::make_unique<cpu::CpuEngine>(training.settings);
  };
  const Outcome actual = train_in_turn(training, expectations.images(), {on_gpu, on_cpu, on_gpu});
  return {
      .difference = difference(training.settings.network, actual, expectations.by_cpu(training)),
      .detail = fmt::format("a third on the GPU, on the CPU and on the GPU: the CPU's bits")};
}

Finding resume_on_the_gpu(Expectations& expectations, const MakeEngine& make_engine,
                          const TrainingCase& training) {
  const auto on_gpu = [&] { return make_engine(training.settings); };
  const auto whole = on_gpu();
  return {.difference = difference(training.settings.network,
                                   train_in_turn(training, expectations.images(), {on_gpu, on_gpu}),
                                   train(*whole, training, expectations.images())),
          .detail = "stopped after half and resumed: the bits of a run that was not stopped"};
}

/// The same work with the images in the GPU's memory, and copied from the host's: the difference is
/// the copies' time that steps do not hide.
Finding measure_gpu(Expectations& expectations, const MakeEngine& make_engine) {
  EngineSettings settings = baseline_case(1).settings;
  std::array<StepTime, 2> times{};
  for (const OnDevice on_device : {OnDevice::kAlways, OnDevice::kNever}) {
    settings.on_device = on_device;
    times.at(on_device == OnDevice::kAlways ? 0 : 1) =
        measure_steps(*make_engine(settings), expectations.epoch_images());
  }
  return {.difference = "",
          .detail = fmt::format("{}; with images copied from the host {}", times[0].text(),
                                times[1].text()),
          .figures = {{"step_seconds", times[0].median},
                      {"step_seconds_with_copies", times[1].median}}};
}

MakeEngine with_kernels(const MakeEngine& make_engine, Kernels kernels) {
  return [=](EngineSettings settings) {
    settings.kernels = kernels;
    return make_engine(std::move(settings));
  };
}

}  // namespace

std::vector<Check> gpu_checks(const std::shared_ptr<Expectations>& expectations,
                              const std::string& device, const MakeEngine& make_engine,
                              const GpuCaseSteps& steps) {
  const MakeEngine fixed_order = with_kernels(make_engine, Kernels::kFixedOrder);
  const MakeEngine cublas = with_kernels(make_engine, Kernels::kCublas);
  const TrainingCase baseline = baseline_case(steps.baseline);
  std::vector<Check> checks;
  const auto add = [&](std::string name, std::function<Finding()> run) {
    checks.push_back({.device = device, .name = std::move(name), .run = std::move(run)});
  };
  for (const TrainingCase& training :
       {baseline, wide_case(steps.wide), everything_case(steps.everything)}) {
    add(fmt::format("fixed_order, {}", training.name), [=] {
      return compare_bits(fixed_order, training, expectations->images(),
                          expectations->by_cpu(training), "the CPU");
    });
  }
  add("fixed_order, resume",
      [=] { return resume_on_the_cpu(*expectations, fixed_order, baseline); });
  add("cublas, losses", [=] { return compare_losses(*expectations, cublas, baseline); });
  add("cublas, resume", [=] { return resume_on_the_gpu(*expectations, cublas, baseline); });
  add("fixed_order, time", [=] { return measure_gpu(*expectations, fixed_order); });
  add("cublas, time", [=] { return measure_gpu(*expectations, cublas); });
  return checks;
}

}  // namespace qmnist::selftest
