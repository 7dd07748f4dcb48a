#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/small_model.h"

namespace qmnist {
namespace {

std::string exported_cpp(const Model& model) {
  return test::exported(find_exporter("cpp"), model);
}

/// The numbers between a constant's braces.
std::vector<float> constants(const std::string& text, const std::string& declaration) {
  const std::size_t begin = text.find("inline constexpr float " + declaration + " = {");
  const std::size_t end = text.find(';', begin);
  std::vector<float> values;
  for (std::size_t at = text.find("0x", begin); at < end; at = text.find("0x", at + 1)) {
    values.push_back(std::strtof(text.c_str() + at - (text[at - 1] == '-' ? 1 : 0), nullptr));
  }
  return values;
}

TEST(CppHeaderTest, NumbersReadBackToTheSameBits) {
  using Limits = std::numeric_limits<float>;
  const std::vector<float> biases{-0.0F,
                                  0.1F,
                                  -1.0F / 3,
                                  Limits::denorm_min(),
                                  Limits::min() / 3,
                                  -Limits::min(),
                                  Limits::epsilon(),
                                  Limits::max(),
                                  Limits::lowest(),
                                  16777215};
  Model model = test::initial_model({});
  const Tensor bias = model.network.layers()[0].bias;
  for (std::size_t i = 0; i < biases.size(); ++i) {
    model.parameters[bias.offset + i] = biases[i];
  }
  const std::vector<float> read = constants(exported_cpp(model), "kBiases1[10]");
  ASSERT_EQ(read.size(), biases.size());
  for (std::size_t i = 0; i < biases.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(read[i]), std::bit_cast<std::uint32_t>(biases[i]))
        << biases[i];
  }
}

TEST(CppHeaderTest, WeightsLieByInput) {
  const Model model = test::initial_model({7});
  const Tensor weight = model.network.layers()[1].weight;  // [10, 7]
  const std::vector<float> read = constants(exported_cpp(model), "kWeights2[7][10]");
  ASSERT_EQ(read.size(), 70);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i], model.parameters[weight.offset + i % 10 * 7 + i / 10]) << i;
  }
}

TEST(CppHeaderTest, HasTheNamesOfTheClasses) {
  Model model = test::initial_model({});
  model.classes[1] = "\"a\\";
  EXPECT_NE(
      exported_cpp(model).find("kClasses[10] = {\n    \"0\",\n    \"\\\"a\\\\\",\n    \"2\","),
      std::string::npos);
}

TEST(CppHeaderTest, LinesFitAScreen) {
  const std::string text = exported_cpp(test::initial_model({7}));
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    EXPECT_LE(end - begin, 100) << text.substr(begin, end - begin);
    begin = end + 1;
  }
}

}  // namespace
}  // namespace qmnist
