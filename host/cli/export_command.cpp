#include "host/cli/export_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "host/atomic_file.h"
#include "host/cli/output.h"
#include "host/export/cpp_header.h"
#include "host/export/npz.h"
#include "host/export/onnx.h"
#include "host/format/text.h"
#include "host/model/model.h"
#include "host/run_store/run_folder.h"
#include "host/run_store/run_record.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

struct Format {
  std::string_view name;
  std::string_view file;  ///< that it writes without --output
  /// @param source the model's own file, beside which its run's files may be
  std::string (*convert)(const Model&, const fs::path& source);
  std::string_view usage;  ///< one line of code, the file's name in place of %
};

/// As the run's own file, with the metadata that other readers ask for.
std::string to_safetensors(const Model& model) {
  Safetensors content = to_content(model.network, model.parameters);
  content.metadata["format"] = "pt";
  return serialize_safetensors(content);
}

/// Test accuracy and config of the run that a model is from, as far as they are beside it. The
/// config's paths, which are of this machine, are left out.
std::map<std::string, std::string> run_metadata(const fs::path& source) {
  std::map<std::string, std::string> metadata;
  const fs::path summary = source.parent_path() / run_file::kSummary;
  if (fs::exists(summary)) {
    metadata["test_accuracy"] = read_run_json(summary).value("test_accuracy", Json()).dump();
  }
  const fs::path config = source.parent_path() / run_file::kConfig;
  if (fs::exists(config)) {
    Json values = read_run_json(config);
    for (const char* section : {"data", "output"}) {
      if (values.contains(section)) {
        values[section].erase("dir");
      }
    }
    metadata["config"] = values.dump();
  }
  return metadata;
}

template <OnnxInput kInput>
std::string to_onnx_of_run(const Model& model, const fs::path& source) {
  return to_onnx(model, kInput, run_metadata(source));
}

template <std::string (*kConvert)(const Model&)>
std::string without_run(const Model& model, const fs::path& /*source*/) {
  return kConvert(model);
}

constexpr std::array kFormats{
    Format{"onnx", "model.onnx", to_onnx_of_run<OnnxInput::kUint8>,
           R"(onnxruntime.InferenceSession("%").run(None, {"image": images}))"},
    Format{"npz", "model.npz", without_run<to_npz>, R"(numpy.load("%")["0.weight"])"},
    Format{"safetensors", "model.safetensors", without_run<to_safetensors>,
           R"(model.load_state_dict(safetensors.torch.load_file("%")))"},
    Format{"cpp", "model.h", without_run<to_cpp_header>,
           R"(#include "%" and call qmnist_model::predict(pixels))"},
};

constexpr Format kOnnxOfFloats{
    "onnx", "model.onnx", to_onnx_of_run<OnnxInput::kFloat32>,
    R"(net = cv2.dnn.readNetFromONNX("%"); net.setInput(cv2.dnn.blobFromImage(image)); net.forward())"};

const Format& find_format(const ExportOptions& options) {
  const auto* const found = std::ranges::find(kFormats, options.format, &Format::name);
  if (found == kFormats.end()) {
    throw UsageError("--format {}: expected onnx, npz, safetensors or cpp", options.format);
  }
  if (options.input && found->name != kOnnxOfFloats.name) {
    throw UsageError("--input is an option of --format onnx only; leave it out with --format {}",
                     options.format);
  }
  return options.input == OnnxInput::kFloat32 ? kOnnxOfFloats : *found;
}

std::string usage_of(const Format& format, const fs::path& file) {
  std::string line(format.usage);
  return line.replace(line.find('%'), 1, file.string());
}

}  // namespace

ExitStatus export_command(const ExportOptions& options) {
  const Format& format = find_format(options);
  const fs::path source = model_file(options.model);
  const Model model = read_model(source);
  const fs::path output = options.output.empty() ? fs::path(format.file) : options.output;
  std::error_code is_not_there;
  if (fs::equivalent(source, output, is_not_there)) {
    throw UsageError("{}: is the model itself; name another file with --output", output.string());
  }
  const std::string content = format.convert(model, source);
  write_atomically(output, content);
  print_out("Wrote {}, {} bytes. To use it:\n  {}\n", output.string(), grouped(content.size()),
            usage_of(format, output));
  return ExitStatus::kDone;
}

}  // namespace qmnist
