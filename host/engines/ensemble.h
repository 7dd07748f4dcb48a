#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/engines/engine_kinds.h"
#include "host/model/model.h"

namespace qmnist {

/// One or more trained models that answer together: the mean of their class probabilities.
/// Source: Hansen and Salamon, Neural network ensembles (1990)
class Ensemble {
 public:
  /// Makes engines for the models, which have the same classes: those of one shape share a pass
  /// over the images, in the fixed order of operations, so that every device gives the same
  /// answers.
  /// @param threads of the CPU; 0 takes the number of available CPUs
  /// @throws DeviceError as make_group()
  Ensemble(std::span<const Model> models, std::string_view device, std::size_t device_index = 0,
           std::size_t threads = 0);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t classes() const { return classes_; }
  [[nodiscard]] std::string device() const { return groups_.front().engines.front()->device(); }
  /// Why it was taken; empty where this very device was asked for.
  [[nodiscard]] const std::string& reason() const { return reason_; }

  /// Class probabilities of the images data[indices[i]], [indices.size(), classes] row-major.
  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices);

  /// The same of images without labels. @param pixels [count, 28, 28]
  [[nodiscard]] std::vector<float> predict(std::span<const std::uint8_t> pixels);

  /// Compares the predictions for data[indices[i]] with their labels.
  [[nodiscard]] Scores score(const DataView& data, std::span<const std::uint32_t> indices);

 private:
  /// Models of one shape.
  struct Group {
    std::vector<std::size_t> models;  ///< their places among all
    std::vector<std::unique_ptr<Engine>> engines;
  };

  /// Adds the probabilities of a few images to `sums`, in the models' order.
  void add_predictions(const DataView& data, std::span<const std::uint32_t> indices,
                       std::span<float> sums);

  std::size_t size_;
  std::size_t classes_;
  std::vector<Group> groups_;
  std::string reason_;
};

}  // namespace qmnist
