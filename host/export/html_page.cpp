#include <fmt/ranges.h>

#include <iterator>
#include <map>
#include <span>
#include <string_view>

#include "host/base64.h"
#include "host/data/dataset.h"
#include "host/error.h"
#include "host/export/html_page.h"
#include "host/format/text.h"
#include "host/html/html.h"
#include "host/json.h"
#include "page_files.h"

namespace qmnist {
namespace {

using Parts = std::map<std::string_view, std::string>;

/// The text with each {{name}} replaced by the part of that name.
std::string filled(std::string_view text, const Parts& parts) {
  std::string result;
  while (true) {
    const std::size_t begin = text.find("{{");
    result += text.substr(0, begin);
    if (begin == std::string_view::npos) {
      return result;
    }
    const std::size_t end = text.find("}}", begin);
    result += parts.at(text.substr(begin + 2, end - begin - 2));
    text.remove_prefix(end + 2);
  }
}

std::string floats(const Model& model, const Tensor& tensor) {
  return base64(std::as_bytes(std::span(model.parameters).subspan(tensor.offset, tensor.size)));
}

/// JSON that holds no tag, whatever is in its texts.
std::string without_tags(const Json& json) {
  std::string text;
  for (const char c : json.dump()) {
    text += c == '<' ? std::string("\\u003c") : std::string(1, c);
  }
  return text;
}

/// The model as a JavaScript value.
std::string model_text(const Model& model) {
  std::string text = fmt::format(R"({{"classes": {}, "activation": "{}", "layers": [)",
                                 without_tags(model.classes), name_of(model.network.activation()));
  for (const DenseLayer& layer : model.network.layers()) {
    fmt::format_to(std::back_inserter(text), R"({{"outputs": {}, "weight": ")", layer.outputs);
    text += floats(model, layer.weight);
    text += R"(", "bias": ")";
    text += floats(model, layer.bias);
    text += "\"},";
  }
  return text + "]}";
}

std::string description_of(const Model& model, const RunMetadata& metadata) {
  const std::map<std::string, std::string> of_run = metadata();
  const auto accuracy = of_run.find("test_accuracy");
  return fmt::format(
      "A network of {}, trained by qmnist_gpu{}. It computes in this page; nothing that you draw "
      "leaves it.",
      widths_text(model.network),
      accuracy == of_run.end() ? ""
                               : fmt::format(", with a test accuracy of {:.2f}\u00a0%",
                                             100 * std::stod(accuracy->second)));
}

/// What is to be drawn.
std::string subject_of(const Model& model) {
  constexpr std::size_t kListed = 30;
  const ClassNames& classes = model.classes;
  if (are_numbered(classes) && classes.size() == kDigitCount) {
    return "a digit";
  }
  return fmt::format("one of {}", classes.size() > kListed
                                      ? classes_text(classes)
                                      : fmt::to_string(fmt::join(classes, ", ")));
}

}  // namespace

bool fits_page(const Network& network) {
  return network.parameter_count() <= kMaxPageParameters;
}

std::string export_html(const Model& model, const RunMetadata& metadata) {
  if (!fits_page(model.network)) {
    throw UsageError("--format html: {} parameters; expected at most {} in a page, use onnx",
                     grouped(model.network.parameter_count()), grouped(kMaxPageParameters));
  }
  return filled(page::kPageHtml, {{"style", std::string(page::kStyleCss)},
                                  {"description", escaped(description_of(model, metadata))},
                                  {"subject", escaped(subject_of(model))},
                                  {"preprocess", std::string(page::kPreprocessJs)},
                                  {"network", std::string(page::kNetworkJs)},
                                  {"model", model_text(model)},
                                  {"page", std::string(page::kPageJs)}});
}

}  // namespace qmnist
