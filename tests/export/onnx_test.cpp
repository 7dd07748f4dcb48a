#include <export/onnx.pb.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/error.h"
#include "tests/support/small_model.h"

namespace qmnist {
namespace {

onnx::ModelProto parsed(const std::string& content) {
  onnx::ModelProto file;
  EXPECT_TRUE(file.ParseFromString(content));
  return file;
}

/// What the file of such a model holds. ONNX's own checker passes it in export_consumers_test.sh.
onnx::ModelProto parsed_file(const std::vector<std::size_t>& hidden) {
  return parsed(test::exported(find_exporter("onnx"), test::initial_model(hidden)));
}

std::vector<std::string> operations(const onnx::GraphProto& graph) {
  std::vector<std::string> names;
  for (const onnx::NodeProto& node : graph.node()) {
    names.push_back(node.op_type());
  }
  return names;
}

TEST(OnnxTest, HasTheOperationsOfNetworksOfAnyDepth) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(operations(parsed_file({}).graph()),
            (Names{"Cast", "Flatten", "Div", "Gemm", "Softmax"}));
  EXPECT_EQ(operations(parsed_file({9, 7}).graph()),
            (Names{"Cast", "Flatten", "Div", "Gemm", "Relu", "Gemm", "Relu", "Gemm", "Softmax"}));
}

TEST(OnnxTest, HasTheOperationOfEachActivation) {
  for (const ActivationChoice& choice : kActivations) {
    const onnx::ModelProto file =
        parsed(test::exported(find_exporter("onnx"), test::initial_model({9}, choice.value)));
    std::vector<std::string> wanted{"Cast", "Flatten", "Div", "Gemm"};
    std::istringstream nodes{std::string(choice.onnx)};  // "OPERATOR [OPERAND], ..."
    for (std::string node; std::getline(nodes >> std::ws, node, ',');) {
      wanted.push_back(node.substr(0, node.find(' ')));
    }
    wanted.insert(wanted.end(), {"Gemm", "Softmax"});
    EXPECT_EQ(operations(file.graph()), wanted) << choice.name;
  }
}

TEST(OnnxTest, SaysWhatItIsAndWhatMadeIt) {
  const onnx::ModelProto file = parsed_file({7});
  EXPECT_EQ(file.ir_version(), 7);
  ASSERT_EQ(file.opset_import_size(), 1);
  EXPECT_EQ(file.opset_import(0).version(), 13);
  EXPECT_EQ(file.producer_name(), "qmnist_gpu");
  EXPECT_EQ(file.producer_version(), QMNIST_VERSION);
  EXPECT_NE(file.graph().doc_string().find("MNIST"), std::string::npos);
}

TEST(OnnxTest, TakesBytesAndGivesProbabilitiesOfAnyNumberOfImages) {
  const onnx::ModelProto file = parsed_file({7});
  ASSERT_EQ(file.graph().input_size(), 1);
  const onnx::ValueInfoProto& image = file.graph().input(0);
  EXPECT_EQ(image.name(), "image");
  EXPECT_EQ(image.type().tensor_type().elem_type(), onnx::TensorProto::UINT8);
  const onnx::TensorShapeProto& images = image.type().tensor_type().shape();
  ASSERT_EQ(images.dim_size(), 3);
  EXPECT_EQ(images.dim(0).dim_param(), "N");
  EXPECT_EQ(images.dim(1).dim_value(), 28);
  EXPECT_EQ(images.dim(2).dim_value(), 28);
  ASSERT_EQ(file.graph().output_size(), 1);
  EXPECT_EQ(file.graph().output(0).name(), "probabilities");
  const onnx::TensorShapeProto& rows = file.graph().output(0).type().tensor_type().shape();
  ASSERT_EQ(rows.dim_size(), 2);
  EXPECT_EQ(rows.dim(0).dim_param(), "N");
  EXPECT_EQ(rows.dim(1).dim_value(), 10);
}

TEST(OnnxTest, TakesFloatsWithAChannelWhereAsked) {
  const onnx::ModelProto file =
      parsed(test::exported(find_exporter("onnx", "float32"), test::initial_model({7})));
  EXPECT_EQ(operations(file.graph()),
            (std::vector<std::string>{"Flatten", "Div", "Gemm", "Relu", "Gemm", "Softmax"}));
  ASSERT_EQ(file.graph().input_size(), 1);
  const auto& image = file.graph().input(0).type().tensor_type();
  EXPECT_EQ(image.elem_type(), onnx::TensorProto::FLOAT);
  ASSERT_EQ(image.shape().dim_size(), 4);
  EXPECT_EQ(image.shape().dim(0).dim_param(), "N");
  EXPECT_EQ(image.shape().dim(1).dim_value(), 1);
  EXPECT_EQ(image.shape().dim(2).dim_value(), 28);
  EXPECT_EQ(image.shape().dim(3).dim_value(), 28);
}

TEST(OnnxTest, HasMetadata) {
  const onnx::ModelProto file = parsed(
      test::exported(find_exporter("onnx"), test::initial_model({7}), {{"test_accuracy", "0.97"}}));
  std::map<std::string, std::string> metadata;
  for (const onnx::StringStringEntryProto& entry : file.metadata_props()) {
    metadata[entry.key()] = entry.value();
  }
  EXPECT_EQ(metadata.size(), 3U);
  EXPECT_EQ(metadata["classes"], R"(["0","1","2","3","4","5","6","7","8","9"])");
  EXPECT_NE(metadata["preprocessing"].find("255"), std::string::npos);
  EXPECT_EQ(metadata["test_accuracy"], "0.97");
}

TEST(OnnxTest, HoldsTheWeightsToTheBit) {
  const Model model = test::initial_model({7});
  const onnx::ModelProto file = parsed_file({7});
  std::map<std::string, std::string> bytes;
  for (const onnx::TensorProto& tensor : file.graph().initializer()) {
    bytes[tensor.name()] = tensor.raw_data();
  }
  for (const Tensor& tensor : model.network.tensors()) {
    const std::string expected(
        reinterpret_cast<const char*>(model.parameters.data() + tensor.offset),
        tensor.size * sizeof(float));
    EXPECT_TRUE(bytes.at(tensor.name) == expected) << tensor.name;
  }
}

TEST(OnnxTest, RefusesWeightsThatNoSuchFileCanHold) {
  const std::vector<std::size_t> wide{16384, 16384, 16384};
  const Model model{
      Network(kPixels, wide, kDigitCount), {}, {}};  // refused before its values are read
  EXPECT_THROW((void)test::exported(find_exporter("onnx"), model), UsageError);
}

}  // namespace
}  // namespace qmnist
