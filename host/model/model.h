#pragma once

#include <filesystem>
#include <vector>

#include "host/model/network.h"

namespace qmnist {

/// A trained network.
struct Model {
  Network network;
  std::vector<float> parameters;  ///< arena
};

/// The file of a model that a command line names: that file, or a run folder's model.safetensors.
/// @throws DataError where neither is there.
[[nodiscard]] std::filesystem::path model_file(const std::filesystem::path& run_or_file);

/// Reads a model.safetensors; the shapes of its tensors say what network it is.
/// @throws DataError naming file and expectation: unreadable, damaged, or tensors that are not the
///   layers of a network from 784 pixels to 10 digits.
[[nodiscard]] Model read_model(const std::filesystem::path& file);

}  // namespace qmnist
