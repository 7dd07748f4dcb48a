#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "host/data/class_names.h"
#include "host/model/network.h"
#include "host/model/safetensors.h"

namespace qmnist {

/// A trained network.
struct Model {
  Network network;
  std::vector<float> parameters;  ///< arena
  ClassNames classes;             ///< one of each output
};

/// The state with which an engine predicts as the model does; without moments.
[[nodiscard]] TrainingState trained_state(const Model& model);

/// The file of a model that a command line names: that file, or a run folder's model.safetensors.
/// @throws DataError where neither is there.
[[nodiscard]] std::filesystem::path model_file(const std::filesystem::path& run_or_file);

/// The content of a model's file: its tensors; as metadata its activation unless that is ReLU, and
/// the names of its classes, as a JSON array, unless they are numbers.
[[nodiscard]] Safetensors to_content(const Network& network, std::span<const float> parameters,
                                     std::span<const std::string> classes);

/// The model that a file's tensors describe; the network follows from their shapes.
/// @throws DataError, starting with `place`, where they are not the layers of a network from 784
///   pixels to 2 to 256 classes, have a value that is not finite, an unknown activation, or names
///   of other classes.
[[nodiscard]] Model to_model(const Safetensors& content, const std::string& place);

/// Reads a model.safetensors.
/// @throws DataError naming file and expectation: unreadable, damaged, or as to_model.
[[nodiscard]] Model read_model(const std::filesystem::path& file);

/// Reads the models that a command line names, which answer together.
/// @throws DataError as model_file and read_model, or where their classes differ
[[nodiscard]] std::vector<Model> read_models(std::span<const std::filesystem::path> runs_or_files);

}  // namespace qmnist
