#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/engines/cpu/apply_activation.h"
#include "host/engines/cpu/layers.h"
#include "host/engines/cpu/rank_exchange.h"
#include "host/engines/cpu/thread_pool.h"
#include "host/engines/cpu/workspace.h"
#include "host/engines/engine_kinds.h"

namespace qmnist::cpu {

/// The entry of this engine in the registry.
extern const EngineKind kEngineKind;

/// Trains on the CPU with vector code for the instruction set that it finds at run time.
///
/// The same settings, state and data give the same bits every time, for any number of threads, on
/// any CPU: each number is computed by one thread, in an order that does not depend on the others.
///
/// There are two barriers per step. Between them the threads share
///   1. the images: every layer but the first forward, the loss, the deltas backward; meanwhile
///      the next batch's pixels are scanned
///   2. the first layer's outputs: every gradient, which the optimizer uses while it is in
///      registers, and the next batch's forward pass of that layer; with augmentation, the images
///      of the batch after that are distorted. So the weights of the first layer, nine tenths of
///      all, stay in the cache of the core that changes them.
/// Gradient clipping, slices and the EMA take more.
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
  using Indices = std::span<const std::uint32_t>;

  /// The images of a batch that this engine works on: all, or those of its rank's slices.
  struct Batch {
    Indices images;
    std::size_t first_row = 0;                ///< in the whole batch
    std::size_t all_rows = 0;                 ///< of the whole batch
    std::span<const float> soft_labels = {};  ///< [images.size(), classes]; with a teacher
  };
  /// This rank's part of a batch.
  [[nodiscard]] Batch part_of(Indices batch) const;

  // Phases of a step, which every thread calls for its share (cpu_engine_step.cpp).
  void distort_batch(const DataView& data, const Batch& batch, std::uint64_t step,
                     std::size_t thread, std::size_t num_threads);
  void load_batch(SparseBatch& sparse_batch, const DataView& data, Indices batch, Indices next,
                  std::size_t thread, std::size_t num_threads);
  /// load_batch() of the images that distort_batch() wrote.
  void load_distorted_batch(SparseBatch& sparse_batch, const DataView& data, Indices batch,
                            std::size_t thread, std::size_t num_threads);
  void forward_first(Workspace& workspace, const SparseBatch& sparse_batch, std::size_t rows,
                     const RowRandom* random, std::size_t thread, std::size_t num_threads) const;
  void forward_rest(Workspace& workspace, Range tiles, const RowRandom* random) const;
  void loss(Workspace& workspace, const DataView& data, const Batch& batch, Range tiles) const;
  void backward(Workspace& workspace, Range tiles) const;
  /// forward_rest(), loss() and backward() of the thread's share.
  void forward_backward(Workspace& workspace, const DataView& data, const Batch& batch,
                        std::size_t thread, std::size_t num_threads) const;
  /// Update by the gradient over some rows of the batch; with `gradients`, that is kept there.
  void update_layers(const SparseBatch& sparse_batch, Range rows, const Update& update,
                     std::vector<Layer>* gradients, std::size_t thread, std::size_t num_threads);

  /// Computes the gradient of a batch of `rows`, slice by slice.
  void sum_slices(const SparseBatch& sparse_batch, std::size_t rows, std::vector<Layer>& gradients);
  /// The same by all ranks, each of which gets its share in sums_.
  void sum_slices_of_ranks(const SparseBatch& sparse_batch, const Batch& batch);
  /// Optimizer step by gradients that are clipped or summed over slices, which needs all of them
  /// first.
  void optimizer_step_by_sums(const SparseBatch& sparse_batch, const Batch& batch,
                              const OptimizerStep<float>& step);
  /// Parts of optimizer_step_by_sums() that all threads call: the step on this rank's share, and
  /// what follows when the others' are here.
  void apply_sums(const OptimizerStep<float>& step, float scale, std::size_t thread,
                  std::size_t num_threads);
  void transpose_weights(std::size_t thread, std::size_t num_threads);
  [[nodiscard]] double sum_of_squares();

  /// The soft labels of this rank's part of the batch that is order[first ...], which are
  /// asked for of many batches at a time.
  [[nodiscard]] std::span<const float> soft_labels_of(const Batch& batch, const DataView& data,
                                                      Indices order, std::size_t first);

  /// Adds the batch to the metrics, with the losses of all ranks.
  void add_metrics(const Batch& batch, RunningMetrics& metrics);

  /// Updates the EMA of the weights, after a step.
  void update_ema(const OptimizerStep<float>& step, std::size_t thread, std::size_t num_threads);
  [[nodiscard]] bool needs_sums() const { return needs_sums(settings_); }
  [[nodiscard]] static bool needs_sums(const EngineSettings& settings) {
    return settings.optimizer.clip_norm > 0 || settings.slices > 1;
  }
  [[nodiscard]] bool has_ema() const { return settings_.regularization.ema_decay > 0; }
  /// The parameters in a training step, else the eval parameters.
  [[nodiscard]] const PackedMatrix& of(const Parameters& parameters, const RowRandom* random) const;

  /// Random numbers of the next step.
  [[nodiscard]] RowRandom step_random(const Batch& batch) const {
    return {step_, static_cast<std::uint32_t>(batch.first_row), settings_.seed};
  }
  /// Whether the activation is ReLU without dropout, which the products apply themselves.
  [[nodiscard]] bool plain_relu(const RowRandom* random) const;
  [[nodiscard]] ActivationParams activation_params(std::size_t layer) const;

  /// Loads a batch and computes the first layer's outputs.
  /// @param random of a training step; nullptr for prediction
  void begin(Workspace& workspace, const DataView& data, Indices batch, Indices next,
             const RowRandom* random);
  /// begin() of a training step with augmentation; also distorts the next batch.
  void begin_distorted(const DataView& data, const Batch& batch, const Batch& next);
  /// begin_distorted() with augmentation, else begin().
  void begin_step(const DataView& data, const Batch& batch, const Batch& next);

  /// Class probabilities by engines of one shape, [engines, indices.size(), classes], with this
  /// one's threads. The pixels of a batch are looked through once.
  std::vector<float> predict_by(std::span<CpuEngine* const> engines, const DataView& data,
                                std::span<const std::uint32_t> indices);

  EngineSettings settings_;
  World& world_;
  Augmentation augmentation_;
  Dropout dropout_;
  ThreadPool pool_;
  std::size_t sparse_layers_;
  std::vector<Layer> layers_;
  std::vector<std::uint8_t> was_nonzero_;  ///< [inputs]: pixels, since all moments were zero
  std::vector<std::uint8_t> distorted_;    ///< [batch size, inputs]: the next batch's images
  std::vector<std::uint32_t> rows_;        ///< 0, 1, ...: indices into distorted_
  std::vector<Layer> sums_;                ///< gradients of a batch, where needs_sums()
  std::vector<Layer> slice_;               ///< gradients of a slice, where ranks share a batch
  std::vector<SampleLoss> losses_;         ///< [batch size], likewise
  std::optional<RankExchange> exchange_;   ///< likewise
  std::vector<float> soft_labels_;         ///< of order[soft_rows_], with a teacher
  Range soft_rows_{0, 0};
  std::uint64_t step_ = 0;
  Workspace training_;
  std::vector<CpuEngine*> group_{this};
};

}  // namespace qmnist::cpu
