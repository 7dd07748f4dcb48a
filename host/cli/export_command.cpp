#include "host/cli/export_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "host/atomic_file.h"
#include "host/export/cpp_header.h"
#include "host/export/npz.h"
#include "host/export/onnx.h"
#include "host/model/model.h"
#include "host/report/text.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

struct Format {
  std::string_view name;
  std::string_view file;  ///< that it writes without --output
  std::string (*convert)(const Model&);
  std::string_view usage;  ///< one line of code, the file's name in place of %
};

/// As the run's own file, with the metadata that other readers ask for.
std::string to_safetensors(const Model& model) {
  Safetensors content = to_content(model.network, model.parameters);
  content.metadata["format"] = "pt";
  return serialize_safetensors(content);
}

constexpr std::array kFormats{
    Format{"onnx", "model.onnx", to_onnx,
           R"(onnxruntime.InferenceSession("%").run(None, {"image": images}))"},
    Format{"npz", "model.npz", to_npz, R"(numpy.load("%")["0.weight"])"},
    Format{"safetensors", "model.safetensors", to_safetensors,
           R"(model.load_state_dict(safetensors.torch.load_file("%")))"},
    Format{"cpp", "model.h", to_cpp_header,
           R"(#include "%" and call qmnist_model::predict(pixels))"},
};

const Format& find_format(const std::string& name) {
  const auto* const found = std::ranges::find(kFormats, name, &Format::name);
  if (found == kFormats.end()) {
    throw UsageError("--format {}: expected onnx, npz, safetensors or cpp", name);
  }
  return *found;
}

std::string usage_of(const Format& format, const fs::path& file) {
  std::string line(format.usage);
  return line.replace(line.find('%'), 1, file.string());
}

}  // namespace

ExitStatus export_command(const ExportOptions& options) {
  const Format& format = find_format(options.format);
  const fs::path source = model_file(options.model);
  const Model model = read_model(source);
  const fs::path output = options.output.empty() ? fs::path(format.file) : options.output;
  std::error_code is_not_there;
  if (fs::equivalent(source, output, is_not_there)) {
    throw UsageError("{}: is the model itself; name another file with --output", output.string());
  }
  const std::string content = format.convert(model);
  write_atomically(output, content);
  fmt::print("Wrote {}, {} bytes. To use it:\n  {}\n", output.string(), grouped(content.size()),
             usage_of(format, output));
  return ExitStatus::kDone;
}

}  // namespace qmnist
