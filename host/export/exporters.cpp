#include "host/export/exporters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/alternatives.h"
#include "host/error.h"
#include "host/export/html_page.h"

namespace qmnist {

// An exporter is one file of this folder, its function declared here, and a row below.
std::string export_onnx(const Model& model, const RunMetadata& metadata);
std::string export_onnx_of_floats(const Model& model, const RunMetadata& metadata);
std::string export_npz(const Model& model, const RunMetadata& metadata);
std::string export_safetensors(const Model& model, const RunMetadata& metadata);
std::string export_cpp(const Model& model, const RunMetadata& metadata);

namespace {

constexpr std::array kExporters{
    Exporter{"onnx", "uint8", "ONNX Runtime", "model.onnx", export_onnx,
             R"(onnxruntime.InferenceSession("%").run(None, {"image": images}))"},
    Exporter{
        "onnx", "float32", "OpenCV", "model.onnx", export_onnx_of_floats,
        R"(net = cv2.dnn.readNetFromONNX("%"); net.setInput(cv2.dnn.blobFromImage(image)); net.forward())"},
    Exporter{"npz", "", "NumPy, Keras", "model.npz", export_npz, R"(numpy.load("%")["0.weight"])"},
    Exporter{"safetensors", "", "PyTorch", "model.safetensors", export_safetensors,
             R"(model.load_state_dict(safetensors.torch.load_file("%")))"},
    Exporter{"cpp", "", "a C++17 header without dependencies", "model.h", export_cpp,
             R"(#include "%" and call qmnist_model::predict(pixels))"},
    Exporter{"html", "", "a page on which one draws, for any browser", "draw.html", export_html,
             "open % in a browser, or send it to a phone"},
};

/// The values of a column, each once; empty ones are left out.
std::vector<std::string_view> values_of(std::string_view Exporter::*column) {
  std::vector<std::string_view> values;
  for (const Exporter& exporter : kExporters) {
    const std::string_view value = exporter.*column;
    if (!value.empty() && std::ranges::find(values, value) == values.end()) {
      values.push_back(value);
    }
  }
  return values;
}

std::string options_of(const Exporter& exporter) {
  const bool is_default = &find_exporter(exporter.name) == &exporter;
  return is_default ? std::string(exporter.name)
                    : fmt::format("{} --input {}", exporter.name, exporter.input);
}

}  // namespace

std::span<const Exporter> exporters() {
  return kExporters;
}

const Exporter& find_exporter(std::string_view name, std::string_view input) {
  const auto named = std::ranges::find(kExporters, name, &Exporter::name);
  if (named == kExporters.end()) {
    throw UsageError("--format {}: expected {}", name, alternatives(exporter_names()));
  }
  const auto found = std::ranges::find_if(kExporters, [&](const Exporter& exporter) {
    return exporter.name == name && (input.empty() || exporter.input == input);
  });
  if (found == kExporters.end()) {
    std::vector<std::string_view> takers;
    for (const Exporter& exporter : kExporters) {
      if (exporter.input == input) {
        takers.push_back(exporter.name);
      }
    }
    throw UsageError("--input {} is an option of --format {} only; leave it out with --format {}",
                     input, alternatives(takers), name);
  }
  return *found;
}

std::vector<std::string_view> exporter_names() {
  return values_of(&Exporter::name);
}

std::vector<std::string_view> exporter_inputs() {
  return values_of(&Exporter::input);
}

std::string exporter_table() {
  std::size_t width = 0;
  for (const Exporter& exporter : kExporters) {
    width = std::max(width, options_of(exporter).size());
  }
  std::string table;
  for (const Exporter& exporter : kExporters) {
    table += fmt::format("  {:<{}}  {}\n", options_of(exporter), width, exporter.description);
  }
  return table;
}

}  // namespace qmnist
