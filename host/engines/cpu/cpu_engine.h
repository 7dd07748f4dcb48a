#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/engines/cpu/apply_activation.h"
#include "host/engines/cpu/layers.h"
#include "host/engines/cpu/thread_pool.h"
#include "host/engines/cpu/workspace.h"
#include "host/engines/engine_kinds.h"

namespace qmnist::cpu {

/// The entry of this engine in the registry.
extern const EngineKind kEngineKind;

/// Trains on the CPU with vector code for the instruction set that it finds at run time.
///
/// The same settings, state and data give the same bits every time, for any number of threads: each
/// number is computed by one thread, in an order that does not depend on the others. CPUs with
/// another instruction set may round differently.
///
/// There are two barriers per step. Between them the threads share
///   1. the images: every layer but the first forward, the loss, the deltas backward; meanwhile
///      the next batch's pixels are scanned
///   2. the first layer's outputs: every gradient, which the optimizer uses while it is in
///      registers, and the next batch's forward pass of that layer; with augmentation, the images
///      of the batch after that are distorted. So the weights of the first layer, nine tenths of
///      all, stay in the cache of the core that changes them.
/// Gradient clipping and the EMA take one or two barriers more.
class CpuEngine final : public Engine {
 public:
  /// @throws UsageError where its threads cannot be started, std::bad_alloc
  explicit CpuEngine(EngineSettings settings);

  /// Memory in bytes of an engine with these settings.
  [[nodiscard]] static std::size_t bytes(const EngineSettings& settings);

  [[nodiscard]] std::string device() const override;
  void set_state(const TrainingState& state) override;
  [[nodiscard]] TrainingState state() const override;
  void train(const DataView& data, std::span<const std::uint32_t> order, RunningMetrics& metrics,
             const StepCallback& keep_going) override;
  [[nodiscard]] std::vector<float> gradients(const DataView& data,
                                             std::span<const std::uint32_t> batch) override;
  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices) override;
  [[nodiscard]] std::vector<float> predict_by_group(
      const DataView& data, std::span<const std::uint32_t> indices) override;

  /// Makes it one of these, which must live as long.
  void join_group(std::vector<CpuEngine*> engines) { group_ = std::move(engines); }

 private:
  using Batch = std::span<const std::uint32_t>;

  // Phases of a step, which every thread calls for its share (cpu_engine_step.cpp).
  void distort_batch(const DataView& data, Batch batch, std::uint64_t step, std::size_t thread,
                     std::size_t num_threads);
  void load_batch(SparseBatch& sparse_batch, const DataView& data, Batch batch, Batch next,
                  std::size_t thread, std::size_t num_threads);
  /// load_batch() of the images that distort_batch() wrote.
  void load_distorted_batch(SparseBatch& sparse_batch, const DataView& data, Batch batch,
                            std::size_t thread, std::size_t num_threads);
  void forward_first(Workspace& workspace, const SparseBatch& sparse_batch, std::size_t rows,
                     const RowRandom* random, std::size_t thread, std::size_t num_threads) const;
  void forward_rest(Workspace& workspace, Range tiles, const RowRandom* random) const;
  void loss(Workspace& workspace, const DataView& data, Batch batch, Range tiles) const;
  void backward(Workspace& workspace, Range tiles) const;
  /// forward_rest(), loss() and backward() of the thread's share.
  void forward_backward(Workspace& workspace, const DataView& data, Batch batch, std::size_t thread,
                        std::size_t num_threads) const;
  /// Optimizer step; with `gradients`, only stores them.
  void optimizer_step(const Workspace& workspace, const SparseBatch& sparse_batch, std::size_t rows,
                      const OptimizerStep<float>& step, std::vector<Layer>* gradients,
                      std::size_t thread, std::size_t num_threads);

  /// Optimizer step with gradient clipping, which needs all gradients first.
  void clipped_optimizer_step(const SparseBatch& sparse_batch, std::size_t rows,
                              const OptimizerStep<float>& step);
  /// The part of clipped_optimizer_step() that all threads call.
  void apply_clipped_gradients(const OptimizerStep<float>& step, float scale, std::size_t thread,
                               std::size_t num_threads);

  /// Updates the EMA of the weights, after a step.
  void update_ema(const OptimizerStep<float>& step, std::size_t thread, std::size_t num_threads);
  [[nodiscard]] bool clips() const { return settings_.optimizer.clip_norm > 0; }
  [[nodiscard]] bool has_ema() const { return settings_.regularization.ema_decay > 0; }
  /// The parameters in a training step, else the eval parameters.
  [[nodiscard]] const PackedMatrix& of(const Parameters& parameters, const RowRandom* random) const;

  /// Random numbers of the next step.
  [[nodiscard]] RowRandom step_random() const { return {step_, 0, settings_.seed}; }
  /// Whether the activation is ReLU without dropout, which the products apply themselves.
  [[nodiscard]] bool plain_relu(const RowRandom* random) const;
  [[nodiscard]] ActivationParams activation_params(std::size_t layer) const;

  /// Loads a batch and computes the first layer's outputs.
  /// @param random of a training step; nullptr for prediction
  void begin(Workspace& workspace, const DataView& data, Batch batch, Batch next,
             const RowRandom* random);
  /// begin() of a training step with augmentation; also distorts the next batch.
  void begin_distorted(const DataView& data, Batch batch, Batch next);
  /// begin_distorted() with augmentation, else begin().
  void begin_step(const DataView& data, Batch batch, Batch next);

  /// Class probabilities by engines of one shape, [engines, indices.size(), classes], with this
  /// one's threads. The pixels of a batch are looked through once.
  std::vector<float> predict_by(std::span<CpuEngine* const> engines, const DataView& data,
                                std::span<const std::uint32_t> indices);

  EngineSettings settings_;
  Augmentation augmentation_;
  Dropout dropout_;
  ThreadPool pool_;
  std::vector<Layer> layers_;
  std::vector<std::uint8_t> was_nonzero_;  ///< [inputs]: pixels, since all moments were zero
  std::vector<std::uint8_t> distorted_;    ///< [batch size, inputs]: the next batch's images
  std::vector<std::uint32_t> rows_;        ///< 0, 1, ...: indices into distorted_
  std::vector<Layer> clipped_;             ///< gradients, where they are clipped
  std::uint64_t step_ = 0;
  Workspace training_;
  std::vector<CpuEngine*> group_{this};
};

}  // namespace qmnist::cpu
