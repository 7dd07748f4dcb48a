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
  /// Makes an engine for each model. @throws DeviceError as make_engine
  Ensemble(std::span<const Model> models, std::string_view device, std::size_t device_index = 0);

  [[nodiscard]] std::size_t size() const { return engines_.size(); }
  [[nodiscard]] std::string device() const { return engines_.front()->device(); }
  /// Why it was taken; empty where this very device was asked for.
  [[nodiscard]] const std::string& reason() const { return reason_; }

  /// Class probabilities of the images data[indices[i]], [indices.size(), classes] row-major.
  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices);

  /// Compares the predictions for data[indices[i]] with their labels.
  [[nodiscard]] Scores score(const DataView& data, std::span<const std::uint32_t> indices);

 private:
  std::vector<std::unique_ptr<Engine>> engines_;
  std::string reason_;
};

}  // namespace qmnist
