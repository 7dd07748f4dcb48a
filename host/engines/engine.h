#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/engines/augmentation.h"
#include "host/engines/schedule.h"
#include "host/model/network.h"
#include "host/settings/optimizer_settings.h"
#include "host/settings/run_settings.h"
#include "host/share.h"
#include "host/world/world.h"
#include "kernels/loss_params.h"
#include "kernels/score.h"

namespace qmnist {

/// Sums over the finished part of an epoch, computed during training as in Keras.
struct RunningMetrics {
  double loss_sum = 0;  ///< of the cross-entropy of each image
  std::uint64_t correct = 0;
  std::uint64_t samples = 0;

  [[nodiscard]] double loss() const { return loss_sum / static_cast<double>(samples); }
  [[nodiscard]] double accuracy() const {
    return static_cast<double>(correct) / static_cast<double>(samples);
  }
  friend bool operator==(const RunningMetrics&, const RunningMetrics&) = default;
};

/// Scores of a network's predictions for labelled images.
struct Scores {
  std::size_t classes = 0;
  std::vector<Score> images;             ///< in the requested order
  double loss_sum = 0;                   ///< of their losses
  std::vector<std::uint64_t> confusion;  ///< counts [true][predicted], [classes, classes] row-major
};

/// Scores class probabilities, [indices.size(), classes] row-major, of the images data[indices[i]]
/// by their labels.
[[nodiscard]] Scores score_predictions(std::span<const float> probabilities, const DataView& data,
                                       std::span<const std::uint32_t> indices);

/// The first row of a slice of a batch of `rows`; of the slice behind the last one, `rows`.
/// A batch's gradient is that of its first slice, to which those of the others are added in their
/// order (docs/arithmetic.md).
[[nodiscard]] constexpr std::size_t first_row(std::size_t slice, std::size_t slices,
                                              std::size_t rows) {
  return rows * slice / slices;
}

/// The rows of a batch that a rank computes: those of its slices, of which each rank has as many.
[[nodiscard]] constexpr Range rows_of_rank(std::size_t rank, std::size_t ranks, std::size_t slices,
                                           std::size_t rows) {
  const std::size_t of_rank = slices / ranks;
  return {first_row(rank * of_rank, slices, rows), first_row((rank + 1) * of_rank, slices, rows)};
}

/// Engines in a group, at most (EngineKind::make_group).
inline constexpr std::size_t kMaxGroup = 64;

/// What a network learns beside the labels.
class SoftLabels {
 public:
  SoftLabels() = default;
  SoftLabels(const SoftLabels&) = delete;
  SoftLabels& operator=(const SoftLabels&) = delete;
  SoftLabels(SoftLabels&&) = delete;
  SoftLabels& operator=(SoftLabels&&) = delete;
  virtual ~SoftLabels() = default;

  /// Class probabilities of the images of some steps, as these distort them.
  /// @param order images data[order[i]], a batch a step; the last batch may be short
  /// @param step steps done before
  /// @return [order.size(), classes] row-major; of other ranks' rows, anything
  [[nodiscard]] virtual std::vector<float> of_steps(const DataView& data,
                                                    std::span<const std::uint32_t> order,
                                                    std::uint64_t step) = 0;
};

/// Settings of an engine.
struct EngineSettings {
  Network network;
  OptimizerSettings optimizer;
  std::size_t batch_size;
  std::size_t slices = 1;            ///< of a batch
  World* world = nullptr;            ///< of the ranks that share the slices; nullptr for one
  std::size_t threads = 1;           ///< of the CPU
  std::size_t device_index = 0;      ///< of the GPU
  MathMode math = MathMode::kFp32;   ///< of the GPU
  Kernels kernels = Kernels::kAuto;  ///< of the GPU
  OnDevice on_device = OnDevice::kAuto;
  std::uint32_t seed = 0;  ///< of the random numbers in a step
  AugmentationSettings augmentation = {};
  RegularizationSettings regularization = {};
  TeacherSettings teacher = {};
  Schedule schedule = {};   ///< of the learning rate
  bool is_training = true;  ///< false where only predict() and score() are called: less memory

  [[nodiscard]] std::size_t ranks() const { return world == nullptr ? 1 : world->size(); }
  [[nodiscard]] std::size_t rank() const { return world == nullptr ? 0 : world->rank(); }
  /// This rank's rows of a batch.
  [[nodiscard]] Range rows_of_batch(std::size_t rows) const {
    return rows_of_rank(rank(), ranks(), slices, rows);
  }
};

/// The loss that these settings define.
template <typename Real>
[[nodiscard]] LossParams<Real> loss_params(const EngineSettings& settings) {
  return {.label_smoothing = static_cast<Real>(settings.regularization.label_smoothing),
          .teacher_weight = static_cast<Real>(settings.teacher.weight),
          .teacher_temperature = static_cast<Real>(settings.teacher.temperature)};
}

/// Whether networks with these settings can train in the same launches: they have the same layers,
/// batches, device, kernels and features, and may differ in every number of these features.
[[nodiscard]] bool have_one_shape(const EngineSettings& a, const EngineSettings& b);

/// Trains a network on one kind of device. It knows no file and no terminal.
///
/// All engines agree on layouts (Network), formulas (kernels/) and order, so that they can be
/// compared step by step. Calls return when their results are in host memory; the data of a call
/// must outlive it and, but for keep_on_device(), nothing else. An engine is used from one thread
/// at a time. Errors: DeviceError where the device fails.
class Engine {
 public:
  /// Called after a step, or after several on a device; false ends training there.
  using StepCallback = std::function<bool(const RunningMetrics&)>;

  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  Engine(Engine&&) = delete;
  Engine& operator=(Engine&&) = delete;
  virtual ~Engine() = default;

  /// The device in words, for people.
  [[nodiscard]] virtual std::string device() const = 0;

  /// Sets weights, moments and step count; arenas of the engine's network. An engine with
  /// an EMA starts it from the parameters where the state has none.
  virtual void set_state(const TrainingState& state) = 0;
  [[nodiscard]] virtual TrainingState state() const = 0;

  /// Announces the data of later calls, which must neither change nor be freed before the engine:
  /// a GPU may copy it to its memory (EngineSettings::on_device). Other data may be used, too.
  virtual void keep_on_device(const DataView& /*data*/) {}

  /// Gives what train() and gradients() need where the settings have a teacher; must outlive them.
  void set_soft_labels(SoftLabels& soft_labels) { soft_labels_ = &soft_labels; }

  /// Takes steps over the images data[order[i]], i from metrics.samples on, a batch at a time;
  /// the last batch may be short. Adds to `metrics`; starting from the metrics at which an earlier
  /// call ended goes on exactly as if it had not ended.
  virtual void train(const DataView& data, std::span<const std::uint32_t> order,
                     RunningMetrics& metrics, const StepCallback& keep_going) = 0;

  /// Says that train() will not be called soon, so that other engines of its group need not wait
  /// for it.
  virtual void end_training() {}

  /// Gradient of the mean loss over data[batch[i]] as the next step would take it, with its
  /// distortions and dropout, as an arena; changes nothing. At most the settings' batch size of
  /// images. Where ranks share a step, each computes the whole batch; then without a teacher.
  [[nodiscard]] virtual std::vector<float> gradients(const DataView& data,
                                                     std::span<const std::uint32_t> batch) = 0;

  /// Class probabilities of the images data[indices[i]], [indices.size(), classes] row-major; by
  /// TrainingState::eval_parameters().
  [[nodiscard]] virtual std::vector<float> predict(const DataView& data,
                                                   std::span<const std::uint32_t> indices) = 0;

  /// The same by the networks of all engines of its group, [engines, indices.size(), classes], in
  /// one pass over the images.
  [[nodiscard]] virtual std::vector<float> predict_by_group(
      const DataView& data, std::span<const std::uint32_t> indices) {
    return predict(data, indices);
  }

  /// Scores the predictions for data[indices[i]] against their labels.
  [[nodiscard]] virtual Scores score(const DataView& data, std::span<const std::uint32_t> indices);

 protected:
  /// SoftLabels::of_steps() where an engine's settings have a teacher, else nothing.
  [[nodiscard]] std::vector<float> soft_labels(const EngineSettings& settings, const DataView& data,
                                               std::span<const std::uint32_t> order,
                                               std::uint64_t step) const;

 private:
  SoftLabels* soft_labels_ = nullptr;
};

}  // namespace qmnist
