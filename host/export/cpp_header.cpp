#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "host/export/exporters.h"
#include "host/format/text.h"

namespace qmnist {
namespace {

constexpr std::string_view kFileComment =
    R"(// A classifier of images, {}, written by qmnist_gpu {}.
//
//   const std::array<float, {}> probabilities = qmnist_model::predict(pixels);
//
// pixels: 28 x 28 grey levels, row by row, white (255) ink on black (0), as MNIST has them.
// probabilities: those of the classes, whose names are qmnist_model::kClasses.
//
// C++17 and its standard library are all it takes. Any number of source files may include it, any
// number of threads may call it. The weights are hexadecimal, so that no bit of them is lost.
)";

constexpr std::string_view kFunctions =
    R"(#ifndef QMNIST_MODEL_H
#define QMNIST_MODEL_H

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace qmnist_model {
namespace detail {

/// inputs * weights + biases
template <std::size_t Inputs, std::size_t Outputs>
std::array<float, Outputs> dense(const std::array<float, Inputs>& inputs,
                                 const float (&weights)[Inputs][Outputs],
                                 const float (&biases)[Outputs]) {
  std::array<float, Outputs> sums{};
  std::copy(biases, biases + Outputs, sums.begin());
  for (std::size_t i = 0; i < Inputs; ++i) {
    for (std::size_t o = 0; o < Outputs; ++o) {
      sums[o] += inputs[i] * weights[i][o];
    }
  }
  return sums;
}

template <std::size_t Size>
std::array<float, Size> softmax(std::array<float, Size> values) {
  const float largest = *std::max_element(values.begin(), values.end());
  float sum = 0;
  for (float& value : values) {
    value = std::exp(value - largest);
    sum += value;
  }
  for (float& value : values) {
    value /= sum;
  }
  return values;
}
)";

constexpr std::string_view kActivate = R"(
template <std::size_t Size>
std::array<float, Size> {0}(std::array<float, Size> values) {{
  for (float& z : values) {{
    z = {1};
  }}
  return values;
}}
)";

constexpr std::string_view kPredict = R"(
}}  // namespace detail

/// The names of the classes, in UTF-8.
inline constexpr const char* kClasses[{0}] = {{{1}}};

/// The probabilities of the classes.
/// @param pixels 28 x 28 grey levels, row by row; ink is 255, paper 0.
inline std::array<float, {0}> predict(const std::uint8_t* pixels) {{
  std::array<float, 784> inputs{{}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {{
    inputs[i] = static_cast<float>(pixels[i]) / 255.0F;
  }}
)";

constexpr std::string_view kEnd = R"(}

}  // namespace qmnist_model

#endif
)";

/// Adds values[0], values[stride], ..., `count` of them, a few per line.
void add_values(std::string& text, const float* values, std::size_t count, std::size_t stride) {
  constexpr std::size_t kPerLine = 5;
  for (std::size_t i = 0; i < count; ++i) {
    fmt::format_to(std::back_inserter(text), "{}{:a}f,", i % kPerLine == 0 ? "\n    " : " ",
                   values[i * stride]);
  }
}

/// String literals, one a line.
std::string quoted(const ClassNames& classes) {
  std::string text;
  for (const std::string& name : classes) {
    text += "\n    \"";
    for (const char c : name) {
      text += c == '"' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c);
    }
    text += "\",";
  }
  return text;
}

/// Weights are stored [inputs][outputs]: the inner loop then runs over independent sums, which a
/// compiler can vectorize.
void add_constants(std::string& text, const DenseLayer& layer, std::size_t number,
                   const float* parameters) {
  text += fmt::format("\ninline constexpr float kWeights{}[{}][{}] = {{", number, layer.inputs,
                      layer.outputs);
  for (std::size_t input = 0; input < layer.inputs; ++input) {
    text += "{";
    add_values(text, parameters + layer.weight.offset + input, layer.outputs, layer.inputs);
    text += "},\n";
  }
  text += fmt::format("}};\n\ninline constexpr float kBiases{}[{}] = {{", number, layer.outputs);
  add_values(text, parameters + layer.bias.offset, layer.outputs, 1);
  text += "};\n";
}

}  // namespace

/// A C++17 header that needs nothing but the standard library: the weights, to the bit, and
/// `qmnist_model::predict(pixels)`, which gives the probabilities of an image's classes.
std::string export_cpp(const Model& model, const RunMetadata& /*not stored*/) {
  const std::span layers = model.network.layers();
  std::string text =
      fmt::format(kFileComment, widths_text(model.network), QMNIST_VERSION, model.classes.size());
  text += kFunctions;
  const ActivationChoice& activation = choice_of(model.network.activation());
  text += fmt::format(fmt::runtime(kActivate), activation.name, activation.cpp);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    add_constants(text, layers[i], i + 1, model.parameters.data());
  }
  text += fmt::format(kPredict, model.classes.size(), quoted(model.classes));
  std::string values = "inputs";
  for (std::size_t i = 1; i <= layers.size(); ++i) {
    const std::string call =
        fmt::format("detail::dense({}, detail::kWeights{}, detail::kBiases{})", values, i, i);
    values = fmt::format("hidden{}", i);
    text += i < layers.size()
                ? fmt::format("  const auto {} = detail::{}({});\n", values, activation.name, call)
                : fmt::format("  return detail::softmax({});\n", call);
  }
  text += kEnd;
  return text;
}

}  // namespace qmnist
