#include <export/onnx.pb.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <sstream>

#include "host/data/dataset.h"
#include "host/error.h"
#include "host/export/exporters.h"
#include "host/json.h"

namespace qmnist {
namespace {

/// The type of the model's input `image`. Both hold grey levels, 0 for the background and 255 for
/// white ink.
enum class OnnxInput {
  kUint8,    ///< [N, 28, 28]
  kFloat32,  ///< [N, 1, 28, 28], as cv2.dnn.blobFromImage makes it
};

constexpr int kOperatorSet = 13;
constexpr int kIrVersion = 7;  // the one of that operator set
constexpr const char* kBatch = "N";
constexpr const char* kWhitePixel = "white";  // the constant 255

void check_size(const Network& network) {
  constexpr std::size_t kMaxBytes = (1U << 31U) - (1U << 16U);  // protobuf's limit, less the graph
  const std::size_t bytes = network.parameter_count() * sizeof(float);
  if (bytes > kMaxBytes) {
    throw UsageError("--format onnx: {} bytes of weights; an ONNX file holds at most {}, use npz",
                     bytes, kMaxBytes);
  }
}

/// Adds an operation with one output, which has its name.
onnx::NodeProto& add_node(onnx::GraphProto& graph, const char* operation, const std::string& name,
                          std::initializer_list<std::string> inputs) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(operation);
  node.set_name(name);
  for (const std::string& input : inputs) {
    node.add_input(input);
  }
  node.add_output(name);
  return node;
}

void add_attribute(onnx::NodeProto& node, const char* name, int value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void add_constant(onnx::GraphProto& graph, const std::string& name,
                  std::span<const std::size_t> shape, std::span<const float> values) {
  static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::size_t size : shape) {
    tensor.add_dims(static_cast<std::int64_t>(size));
  }
  tensor.set_raw_data(values.data(), values.size_bytes());
}

/// Declares an input or output of N times `shape`.
void declare(onnx::ValueInfoProto& value, const char* name, int type,
             std::initializer_list<std::size_t> shape) {
  value.set_name(name);
  onnx::TypeProto::Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape()->add_dim()->set_dim_param(kBatch);
  for (const std::size_t size : shape) {
    tensor.mutable_shape()->add_dim()->set_dim_value(static_cast<std::int64_t>(size));
  }
}

/// Declares the input and scales it to the network's inputs, [N, 784] from 0 to 1.
void add_image(onnx::GraphProto& graph, OnnxInput input) {
  std::string levels = "image";
  if (input == OnnxInput::kUint8) {
    declare(*graph.add_input(), "image", onnx::TensorProto::UINT8, {kImageSide, kImageSide});
    levels = "grey_levels";
    add_attribute(add_node(graph, "Cast", levels, {"image"}), "to", onnx::TensorProto::FLOAT);
  } else {
    declare(*graph.add_input(), "image", onnx::TensorProto::FLOAT, {1, kImageSide, kImageSide});
  }
  add_attribute(add_node(graph, "Flatten", "pixels", {levels}), "axis", 1);
  constexpr float kWhite = 255;
  add_constant(graph, kWhitePixel, {}, {&kWhite, 1});
  add_node(graph, "Div", "inputs", {"pixels", kWhitePixel});
}

/// A scalar of the graph, named as it is written.
std::string add_scalar(onnx::GraphProto& graph, const std::string& literal) {
  const auto& known = graph.initializer();
  if (std::ranges::find(known, literal, &onnx::TensorProto::name) == known.end()) {
    const auto value = static_cast<float>(std::stod(literal));
    add_constant(graph, literal, {}, {&value, 1});
  }
  return literal;
}

/// The nodes of ActivationChoice::onnx; the last one is named `name`.
void add_activation(onnx::GraphProto& graph, Activation activation, const std::string& name,
                    const std::string& z) {
  std::istringstream nodes{std::string(choice_of(activation).onnx)};
  std::string result = z;
  std::string text;
  for (int i = 1; std::getline(nodes, text, ','); ++i) {
    std::istringstream words(text);
    std::string operation;
    std::string operand;
    words >> operation >> operand;
    const std::string output = nodes.eof() ? name : fmt::format("{}_{}", name, i);
    onnx::NodeProto& node = add_node(graph, operation.c_str(), output, {result});
    if (!operand.empty()) {
      node.add_input(operand == "z" ? z : add_scalar(graph, operand));
    }
    result = output;
  }
}

void add_layers(onnx::GraphProto& graph, const Model& model) {
  const std::span parameters(model.parameters);
  const std::span layers = model.network.layers();
  std::string values = "inputs";
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const DenseLayer& layer = layers[i];
    for (const Tensor& tensor : {layer.weight, layer.bias}) {
      add_constant(graph, tensor.name, tensor.shape,
                   parameters.subspan(tensor.offset, tensor.size));
    }
    const bool is_last = i + 1 == layers.size();
    const std::string sums = is_last ? "logits" : fmt::format("sums_{}", i + 1);
    add_attribute(add_node(graph, "Gemm", sums, {values, layer.weight.name, layer.bias.name}),
                  "transB", 1);
    if (is_last) {
      add_node(graph, "Softmax", "probabilities", {sums});
    } else {
      values = fmt::format("hidden_{}", i + 1);
      add_activation(graph, model.network.activation(), values, sums);
    }
  }
}

void add_metadata(onnx::ModelProto& file, const std::string& key, const std::string& value) {
  onnx::StringStringEntryProto& entry = *file.add_metadata_props();
  entry.set_key(key);
  entry.set_value(value);
}

/// The bytes of an ONNX file: operator set 13, IR version 7, which ONNX Runtime reads since 1.6.
/// Output `probabilities` is float32 [N, classes]. Scaling to 0..1 and softmax are part of the
/// graph. Format: https://github.com/onnx/onnx/blob/main/docs/IR.md
std::string to_onnx(const Model& model, OnnxInput input, const RunMetadata& metadata) {
  check_size(model.network);
  onnx::ModelProto file;
  file.set_ir_version(kIrVersion);
  file.set_producer_name("qmnist_gpu");
  file.set_producer_version(QMNIST_VERSION);
  file.add_opset_import()->set_version(kOperatorSet);

  onnx::GraphProto& graph = *file.mutable_graph();
  graph.set_name("classifier");
  graph.set_doc_string(
      "Classifies images. image: N grey images of 28 x 28 pixels, white (255) ink on black, as "
      "MNIST has them. probabilities: those of the classes, whose names are in the metadata.");
  declare(*graph.add_output(), "probabilities", onnx::TensorProto::FLOAT,
          {model.network.classes()});
  add_image(graph, input);
  add_layers(graph, model);
  add_metadata(file, "classes", Json(model.classes).dump());
  add_metadata(file, "preprocessing",
               "28 x 28 grey levels from 0 (background) to 255 (white ink); the model scales them "
               "to 0..1");
  for (const auto& [key, value] : metadata()) {
    add_metadata(file, key, value);
  }
  return file.SerializeAsString();
}

}  // namespace

std::string export_onnx(const Model& model, const RunMetadata& metadata) {
  return to_onnx(model, OnnxInput::kUint8, metadata);
}

std::string export_onnx_of_floats(const Model& model, const RunMetadata& metadata) {
  return to_onnx(model, OnnxInput::kFloat32, metadata);
}

}  // namespace qmnist
