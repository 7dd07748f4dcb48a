#include "host/model/model.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "host/data/dataset.h"
#include "host/error.h"
#include "host/json.h"
#include "host/settings/run_settings.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

// Metadata entries.
constexpr const char* kActivationKey = "activation";
constexpr const char* kClassesKey = "classes";

/// The widths of all layers, as the weights' shapes give them.
std::vector<std::size_t> layer_sizes(const std::string& place, const Safetensors& content) {
  constexpr std::size_t kMaxSize = 1 << 20;  // no layer anybody trains; sizes stay far from 2^64
  std::vector<std::size_t> outputs;
  for (std::size_t layer = 0;; ++layer) {
    const std::string name = fmt::format("{}.weight", 2 * layer);  // every other one is a ReLU
    const auto weight = content.tensors.find(name);
    if (weight == content.tensors.end()) {
      break;
    }
    const auto& shape = weight->second.shape;
    if (shape.size() != 2 || shape[0] == 0 || shape[0] > kMaxSize) {
      throw DataError("{}: tensor {} has sizes {}; expected a layer's weights, [outputs, inputs]",
                      place, name, fmt::join(shape, " x "));
    }
    outputs.push_back(shape[0]);
  }
  if (outputs.empty() || outputs.back() < kMinClasses || outputs.back() > kMaxClasses ||
      content.tensors.size() != 2 * outputs.size()) {
    throw DataError(
        "{}: is not a classifier of {} to {} classes; expected tensors 0.weight, 0.bias, 2.weight, "
        "... as a run's model.safetensors has them",
        place, kMinClasses, kMaxClasses);
  }
  if (outputs.size() > kMaxHidden + 1) {
    throw DataError("{}: has {} hidden layers; expected at most {}", place, outputs.size() - 1,
                    kMaxHidden);
  }
  return outputs;
}

Activation activation_of(const std::string& place, const Safetensors& content) {
  const auto entry = content.metadata.find(kActivationKey);
  if (entry == content.metadata.end()) {
    return Activation::kRelu;
  }
  const std::optional<Activation> activation = find_choice<Activation>(entry->second);
  if (!activation) {
    throw DataError("{}: its activation is \"{}\"; expected relu, leaky_relu, gelu or tanh", place,
                    entry->second);
  }
  return *activation;
}

ClassNames classes_of(const std::string& place, const Safetensors& content, std::size_t count) {
  const auto entry = content.metadata.find(kClassesKey);
  if (entry == content.metadata.end()) {
    return numbered_classes(count);
  }
  try {
    auto classes = parse_json(entry->second).get<ClassNames>();
    if (classes.size() == count && std::ranges::all_of(classes, is_class_name)) {
      return classes;
    }
  } catch (const Json::exception&) {  // NOLINT(bugprone-empty-catch): reported below
  }
  throw DataError("{}: its metadata \"{}\" are not the names of {} classes; expected a JSON array",
                  place, kClassesKey, count);
}

void check_values(const std::string& place, const Safetensors& content) {
  for (const auto& [name, tensor] : content.tensors) {
    if (!std::ranges::all_of(tensor.values, [](float value) { return std::isfinite(value); })) {
      throw DataError(
          "{}: tensor {} holds a value that is infinite or not a number; expected trained weights",
          place, name);
    }
  }
}

}  // namespace

TrainingState trained_state(const Model& model) {
  return {.parameters = model.parameters};
}

fs::path model_file(const fs::path& run_or_file) {
  if (!fs::is_directory(run_or_file)) {
    return run_or_file;
  }
  fs::path file = run_or_file / "model.safetensors";
  if (!fs::exists(file)) {
    throw DataError("{}: this folder has no model.safetensors; expected that of a finished run",
                    run_or_file.string());
  }
  return file;
}

Safetensors to_content(const Network& network, std::span<const float> parameters,
                       std::span<const std::string> classes) {
  Safetensors content;
  if (network.activation() != Activation::kRelu) {
    content.metadata[kActivationKey] = name_of(network.activation());
  }
  if (!are_numbered(classes)) {
    content.metadata[kClassesKey] = Json(ClassNames(classes.begin(), classes.end())).dump();
  }
  content.add_arena(network, parameters, "");
  return content;
}

Model to_model(const Safetensors& content, const std::string& place) {
  const std::vector<std::size_t> sizes = layer_sizes(place, content);
  Network network(kPixels, std::span(sizes).first(sizes.size() - 1), sizes.back(),
                  activation_of(place, content));
  std::vector<float> parameters = content.arena(network, "", place);
  check_values(place, content);
  ClassNames classes = classes_of(place, content, sizes.back());
  return {std::move(network), std::move(parameters), std::move(classes)};
}

Model read_model(const fs::path& file) {
  return to_model(read_safetensors(file), file.string());
}

std::vector<Model> read_models(std::span<const fs::path> runs_or_files) {
  std::vector<Model> models;
  for (const fs::path& path : runs_or_files) {
    models.push_back(read_model(model_file(path)));
    if (models.back().classes != models.front().classes) {
      throw DataError(
          "{}: its classes are {}, those of {} are {}; the models of an ensemble must have the "
          "same",
          path.string(), classes_text(models.back().classes), runs_or_files.front().string(),
          classes_text(models.front().classes));
    }
  }
  return models;
}

}  // namespace qmnist
