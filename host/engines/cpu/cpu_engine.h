#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/engines/cpu/layer.h"
#include "host/engines/cpu/nonzeros.h"
#include "host/engines/cpu/panels.h"
#include "host/engines/cpu/team.h"
#include "host/engines/engine.h"

namespace qmnist {

/// Trains on the CPU with vector code for the instruction set that it finds at run time.
///
/// The same settings, state and data give the same bits every time, for any number of threads: each
/// number is computed by one thread, in an order that does not depend on the others. CPUs with
/// another instruction set may round differently (without fused multiply-add, they do).
///
/// A step is four pieces of work, each shared by the threads:
///   1. list: the batch's nonzero pixels, by image and by pixel; shared by pixels
///   2. the first layer's outputs from those lists; shared by outputs, so that a thread's half of
///      these weights, nine tenths of all, stays in its core's cache
///   3. all other layers forward, the loss, and the deltas backward; shared by images
///   4. gradients, each put through Adam while it is in registers; shared as in 2
class CpuEngine final : public Engine {
 public:
  explicit CpuEngine(EngineSettings settings);

  [[nodiscard]] std::string device() const override;
  void set_state(const TrainingState& state) override;
  [[nodiscard]] TrainingState state() const override;
  void train(const DataView& data, std::span<const std::uint32_t> order, RunningMetrics& metrics,
             const StepCallback& keep_going) override;
  [[nodiscard]] std::vector<float> gradients(const DataView& data,
                                             std::span<const std::uint32_t> batch) override;
  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices) override;

 private:
  struct Layer {
    Layer(const DenseLayer& shape, PanelMatrix::Panels panels);

    Parameters weight;
    Parameters bias;
    PanelMatrix weight_transposed;  ///< for the backward pass; not of the first layer
  };
  /// What a layer writes for a batch.
  struct Outputs {
    PanelMatrix activations;  ///< logits, of the last layer
    PanelMatrix deltas;       ///< d loss / d z
  };
  /// Of one image.
  struct Judgement {
    float loss;
    bool correct;
  };

  struct Gradients {
    PanelMatrix weight;
    PanelMatrix bias;
  };

  void reserve(std::size_t rows);
  void take(const DataView& data, std::span<const std::uint32_t> batch,
            std::span<const std::uint32_t> next);
  void forward_first(std::size_t rows);
  void forward_rest(Range tiles);
  void judge(const DataView& data, std::span<const std::uint32_t> batch, Range rows);
  void backward(Range tiles);
  /// Forward and backward pass of a batch; adds it to `metrics`.
  void propagate(const DataView& data, std::span<const std::uint32_t> batch,
                 std::span<const std::uint32_t> next, RunningMetrics& metrics);
  /// A step of Adam with the gradients of the batch, or only these where there is room for them.
  void update(std::size_t rows, const AdamStep<float>& step, std::vector<Gradients>* gradients);

  EngineSettings settings_;
  Team team_;
  std::vector<Layer> layers_;
  std::vector<std::uint8_t> was_nonzero_;  ///< [inputs]: pixels, since the moments were zero
  std::uint64_t step_ = 0;

  std::size_t rows_ = 0;  ///< that there is room for
  Nonzeros nonzeros_;
  std::vector<Outputs> outputs_;  ///< [layers]
  std::vector<Judgement> judgements_;
};

}  // namespace qmnist
