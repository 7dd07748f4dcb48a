#pragma once

#include <vector>

#include "host/data/dataset.h"
#include "host/model/model.h"

namespace qmnist::test {

/// An untrained model with these hidden layers.
[[nodiscard]] inline Model initial_model(const std::vector<std::size_t>& hidden) {
  Network network(kPixels, hidden, kClasses);
  std::vector<float> parameters = initial_state(network, 1).parameters;
  return {std::move(network), std::move(parameters)};
}

}  // namespace qmnist::test
