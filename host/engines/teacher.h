#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "host/engines/augmentation.h"
#include "host/engines/cpu/thread_pool.h"
#include "host/engines/ensemble.h"
#include "host/model/model.h"

namespace qmnist {

/// Trained models whose mean probabilities a network learns beside the labels (knowledge
/// distillation): of each image as the network's step distorts it, or once per image where nothing
/// does.
class Teacher final : public SoftLabels {
 public:
  /// @param models of the student's classes
  /// @param student settings of the engine that learns: its threads and device are the teacher's
  /// @param device of engine_kinds(); with ranks, all of them must make a teacher
  /// @throws DeviceError, UsageError as make_group()
  Teacher(std::span<const Model> models, const EngineSettings& student, std::string_view device);

  [[nodiscard]] std::vector<float> of_steps(const DataView& data,
                                            std::span<const std::uint32_t> order,
                                            std::uint64_t step) override;

 private:
  /// An image of the order that this rank trains on.
  struct Place {
    std::size_t in_order;
    std::uint64_t step;
    std::size_t row;  ///< in the batch
  };
  [[nodiscard]] std::vector<Place> own_places(std::size_t images, std::uint64_t step) const;

  /// Probabilities of images as they are, [places.size(), classes]; those of all images of `data`
  /// are computed at the first call.
  [[nodiscard]] std::vector<float> of_images(const DataView& data,
                                             std::span<const std::uint32_t> order,
                                             std::span<const Place> places);
  /// Of images that are distorted.
  [[nodiscard]] std::vector<float> of_distorted(const DataView& data,
                                                std::span<const std::uint32_t> order,
                                                std::span<const Place> places);

  EngineSettings student_;
  Augmentation augmentation_;
  Ensemble models_;
  cpu::ThreadPool pool_;
  const std::uint8_t* known_data_ = nullptr;  ///< pixels whose probabilities are known_
  std::vector<float> known_;                  ///< [images, classes]
};

/// Class probabilities at a temperature T > 0, in place: p_i^(1/T), scaled so that their sum is 1.
/// Of one model they are softmax(logits / T).
void soften(std::span<float> probabilities, float temperature);

}  // namespace qmnist
