#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/export/exporters.h"
#include "host/model/model.h"

namespace qmnist::test {

/// An untrained model with these hidden layers.
[[nodiscard]] inline Model initial_model(const std::vector<std::size_t>& hidden,
                                         Activation activation = Activation::kRelu) {
  Network network(kPixels, hidden, kDigitCount, activation);
  std::vector<float> parameters = initial_state(network, 1).parameters;
  return {std::move(network), std::move(parameters), numbered_classes(kDigitCount)};
}

/// The file that an exporter makes of a model.
[[nodiscard]] inline std::string exported(const Exporter& exporter, const Model& model,
                                          const std::map<std::string, std::string>& metadata = {}) {
  return exporter.write(model, [&metadata] { return metadata; });
}

}  // namespace qmnist::test
