#include "host/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "host/cli/compare_command.h"
#include "host/cli/evaluate_command.h"
#include "host/cli/export_command.h"
#include "host/cli/info_command.h"
#include "host/cli/predict_command.h"
#include "host/cli/sweep_command.h"
#include "host/cli/train_command.h"

namespace qmnist {
namespace {

constexpr const char* kFooter =
    "Trains the network that the config describes, evaluates it on the test digits and writes the\n"
    "run folder output.dir. Keys, defaults and meanings: configs/schema.json.\n"
    "\n"
    "Examples:\n"
    "  qmnist_gpu --config configs/baseline.json\n"
    "  qmnist_gpu --config configs/baseline.json --set training.seed=1 --set output.dir=runs/one\n"
    "  qmnist_gpu --config configs/baseline.json --resume\n"
    "\n"
    "Exit status: 0 done, 1 a defect of the program, 2 bad command line or config, 3 missing or "
    "bad\n"
    "data, 4 device failure, 5 target accuracy not reached, 130 interrupted (saved; --resume goes\n"
    "on).";

/// What stands on the command line where no command is named.
struct TrainArguments {
  std::string config;
  std::string device;
  TrainOptions options;
};

const std::map<std::string, DeviceChoice> kDevices{
    {"auto", DeviceChoice::kAuto}, {"cuda", DeviceChoice::kCuda}, {"cpu", DeviceChoice::kCpu}};

const std::map<std::string, Preprocess> kWays{{"auto", Preprocess::kAuto},
                                              {"notebook", Preprocess::kNotebook},
                                              {"mnist", Preprocess::kMnist}};

/// Whether an option was given outside of a command.
bool has_options(const CLI::App& app) {
  return std::ranges::any_of(app.get_options(),
                             [](const CLI::Option* option) { return option->count() > 0; });
}

void add_train_options(CLI::App& app, TrainArguments& arguments) {
  app.add_option("--config", arguments.config, "JSON config of the run (required)")
      ->type_name("FILE");
  app.add_option("--set", arguments.options.overrides,
                 "Override a config value; may be given several times")
      ->type_name("KEY.PATH=VALUE")
      ->allow_extra_args(false);
  app.add_option("--device", arguments.device, "auto, cuda or cpu; same as --set device=...")
      ->type_name("DEVICE");
  app.add_flag("--resume", arguments.options.resume, "Go on from the run folder's checkpoint");
  app.add_flag("--quiet", arguments.options.quiet, "Print nothing but errors");
}

Command train(const CLI::App& app, const TrainArguments& arguments) {
  if (app.count("--config") == 0) {
    throw UsageError("--config is missing; try --config configs/baseline.json, or see --help");
  }
  TrainOptions options = arguments.options;
  options.config = arguments.config;
  if (app.count("--device") > 0) {
    options.overrides.push_back("device=" + arguments.device);
  }
  return [options] { return train_command(options); };
}

void add_evaluate(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("evaluate", "Say how well a model does on labelled digits");
  sub->footer(
      "Examples:\n"
      "  qmnist_gpu evaluate --model runs/baseline\n"
      "  qmnist_gpu evaluate --model runs/seed0 runs/seed1 runs/seed2\n"
      "Several models are an ensemble: the mean of their class probabilities counts.\n"
      "Where QMNIST's labels lie beside the digits, writers are told apart.");
  const auto options = std::make_shared<EvaluateOptions>();
  sub->add_option("--model", options->models, "Run folders, or files model.safetensors")
      ->type_name("RUN_OR_FILE")
      ->required();
  sub->add_option(
         "--data", options->data,
         "Take all digits of this folder or file (IDX images with their labels beside them, or "
         "Kaggle's MNIST-120k), not the runs' test part")
      ->type_name("PATH");
  sub->add_option_function<std::string>(
         "--device", [options](const std::string& name) { options->device = kDevices.at(name); },
         "auto (default), cuda or cpu")
      ->type_name("DEVICE")
      ->check(CLI::IsMember(kDevices));
  sub->add_flag("--json", options->json, "Print one JSON object instead of tables");
  sub->callback(
      [&command, options] { command = [options] { return evaluate_command(*options); }; });
}

void add_compare(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("compare", "Show finished runs side by side");
  sub->footer(
      "Example:  qmnist_gpu compare runs/baseline runs/seed1 --html comparison.html\n"
      "Each run is compared with the first: on how many test digits is only one of them right, "
      "and\n"
      "how likely is that by chance (p, McNemar's exact test)?");
  const auto options = std::make_shared<CompareOptions>();
  sub->add_option("RUN", options->runs, "Folders of finished runs, two or more")
      ->required()
      ->expected(2, CLI::detail::expected_max_vector_size);
  sub->add_option("--html", options->html, "Also write the tables as a page to this file")
      ->type_name("FILE");
  sub->callback([&command, options] { command = [options] { return compare_command(*options); }; });
}

void add_sweep(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("sweep", "Train many variants of a config and rank them");
  sub->footer(
      "Example:  qmnist_gpu sweep --config configs/sweep.json --jobs 2\n"
      "README.md says what a sweep file holds. Trials are judged by validation digits. The same\n"
      "command again goes on where an interrupted one ended.");
  const auto options = std::make_shared<SweepOptions>();
  sub->add_option("--config", options->config, "JSON file of the sweep")
      ->type_name("FILE")
      ->required();
  sub->add_option("--jobs", options->jobs, "Trials to train at once (as many as cores)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  sub->add_flag("--quiet", options->quiet, "Print nothing but errors");
  sub->callback([&command, options] { command = [options] { return sweep_command(*options); }; });
}

void add_info(CLI::App& app, Command& command) {
  CLI::App* sub =
      app.add_subcommand("info", "Tell of the build, its libraries, CPU, GPU and digits");
  sub->footer(
      "Example:  qmnist_gpu info --augment distorted.png --config configs/same-network.json");
  const auto options = std::make_shared<InfoOptions>();
  sub->add_option("--data", options->data, "Folder to look for digits in (data)")
      ->type_name("FOLDER");
  CLI::Option* augment =
      sub->add_option("--augment", options->augment,
                      "Write a PNG of distorted digits, as training with augmentation sees them")
          ->type_name("FILE");
  sub->add_option("--config", options->config, "Config whose augmentation that is (a usual one)")
      ->type_name("FILE")
      ->needs(augment);
  sub->callback([&command, options] { command = [options] { return info_command(*options); }; });
}

void add_export(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("export", "Write a trained model for another program");
  sub->footer("Example: qmnist_gpu export --model runs/baseline --format onnx");
  auto options = std::make_shared<ExportOptions>();
  sub->add_option("--model", options->model, "Run folder, or a model.safetensors")
      ->type_name("RUN_OR_FILE")
      ->required();
  sub->add_option("--format", options->format,
                  "onnx (ONNX Runtime), npz (NumPy, Keras), safetensors (PyTorch) or cpp (a C++17 "
                  "header that needs no library)")
      ->type_name("FORMAT")
      ->required();
  sub->add_option("--output", options->output,
                  "File to write; without it model.onnx, model.npz, model.safetensors or model.h "
                  "in the working folder")
      ->type_name("FILE");
  sub->callback([&command, options] { command = [options] { return export_command(*options); }; });
}

void add_predict(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("predict", "Say which digits pictures show");
  sub->footer("Example:  qmnist_gpu predict photograph.jpg digits/ --contact-sheet seen.png");
  auto options = std::make_shared<PredictOptions>();
  sub->add_option("images", options->images,
                  "PNG, JPEG, BMP, PGM or PPM files; folders of them; - for standard input")
      ->type_name("IMAGE")
      ->required();
  sub->add_option("--model", options->models,
                  fmt::format("Run folder or model.safetensors (default: {}); given several times, "
                              "the mean of their class probabilities counts",
                              kUsualModel))
      ->type_name("RUN_OR_FILE")
      ->allow_extra_args(false);
  sub->add_option_function<std::string>(
         "--preprocess", [options](const std::string& way) { options->preprocess = kWays.at(way); },
         "How a picture becomes 28 x 28: notebook (resized as a whole), mnist (the ink alone, as "
         "MNIST was made), or auto (mnist, unless it is 28 x 28 already)")
      ->type_name("WAY")
      ->check(CLI::IsMember(kWays));
  sub->add_flag("--json", options->json, "A JSON object per picture and line");
  sub->add_option("--contact-sheet", options->contact_sheet,
                  "Write a PNG of what the network saw, with its answers")
      ->type_name("FILE");
  sub->callback([&command, options] { command = [options] { return predict_command(*options); }; });
}

}  // namespace

Command parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Trains a handwritten-digit classifier on a GPU or the CPU.", "qmnist_gpu");
  app.set_version_flag("--version", "qmnist_gpu " QMNIST_VERSION);
  TrainArguments train_arguments;
  add_train_options(app, train_arguments);
  Command command;
  add_evaluate(app, command);
  add_compare(app, command);
  add_export(app, command);
  add_info(app, command);
  add_predict(app, command);
  add_sweep(app, command);
  app.footer(kFooter);  // not before, or the commands would show it too
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    app.exit(asked);
    return [] { return ExitStatus::kDone; };
  } catch (const CLI::ParseError& error) {
    throw UsageError("{}; see --help", error.what());
  }
  if (!command) {
    return train(app, train_arguments);
  }
  if (has_options(app)) {
    throw UsageError(
        "options stand behind the command that they belong to: qmnist_gpu {} ...; see --help",
        app.get_subcommands().front()->get_name());
  }
  return command;
}

}  // namespace qmnist
