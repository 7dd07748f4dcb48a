#pragma once

#include <memory>
#include <utility>

#include "host/engines/cpu/cpu_engine.h"
#include "host/selftest/expectations.h"

namespace qmnist::test {

/// A CPU engine that computes wrongly: each call of train() ends with a parameter multiplied by a
/// factor.
class PerturbedEngine final : public Engine {
 public:
  PerturbedEngine(EngineSettings settings, std::size_t index, float factor)
      : engine_(std::move(settings)), index_(index), factor_(factor) {}

  [[nodiscard]] std::string device() const override { return engine_.device(); }
  void set_state(const TrainingState& state) override { engine_.set_state(state); }
  [[nodiscard]] TrainingState state() const override { return engine_.state(); }
  void train(const DataView& data, std::span<const std::uint32_t> order, RunningMetrics& metrics,
             const StepCallback& keep_going) override {
    engine_.train(data, order, metrics, keep_going);
    TrainingState state = engine_.state();
    state.parameters[index_] *= factor_;
    engine_.set_state(state);
  }
  [[nodiscard]] std::vector<float> gradients(const DataView& data,
                                             std::span<const std::uint32_t> batch) override {
    return engine_.gradients(data, batch);
  }
  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices) override {
    return engine_.predict(data, indices);
  }

 private:
  cpu::CpuEngine engine_;
  std::size_t index_;
  float factor_;
};

/// Makes engines that change the arena's value at `index`.
[[nodiscard]] inline selftest::MakeEngine make_perturbed(std::size_t index, float factor) {
  return [=](EngineSettings settings) -> std::unique_ptr<Engine> {
    return std::make_unique<PerturbedEngine>(std::move(settings), index, factor);
  };
}

}  // namespace qmnist::test
