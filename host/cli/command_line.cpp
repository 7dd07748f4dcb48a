#include "host/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "host/alternatives.h"
#include "host/cli/compare_command.h"
#include "host/cli/device_option.h"
#include "host/cli/evaluate_command.h"
#include "host/cli/export_command.h"
#include "host/cli/info_command.h"
#include "host/cli/output.h"
#include "host/cli/predict_command.h"
#include "host/cli/selftest_command.h"
#include "host/cli/shard_option.h"
#include "host/cli/sweep_command.h"
#include "host/cli/train_command.h"
#include "host/cli/unknown_argument.h"
#include "host/export/exporters.h"
#include "host/sweep/sweep_config.h"

namespace qmnist {
namespace {

constexpr const char* kTrainDetails =
    "Trains the network of the config, evaluates it on the test set and writes the results to the\n"
    "run folder output.dir. Config keys and defaults: docs/config.md and configs/schema.json.";

constexpr const char* kExitStatus =
    "Exit status: 0 done, 1 a defect of the program, 2 bad command line or config, 3 missing or "
    "bad\n"
    "data, 4 device failure, 5 target accuracy not reached, 130 interrupted (checkpoint saved; "
    "use\n"
    "--resume).";

const std::map<std::string, Preprocess> kPreprocessMethods{{"auto", Preprocess::kAuto},
                                                           {"notebook", Preprocess::kNotebook},
                                                           {"mnist", Preprocess::kMnist}};

/// Whether an option precedes the command.
bool has_options(const CLI::App& app) {
  return std::ranges::any_of(app.get_options(),
                             [](const CLI::Option* option) { return option->count() > 0; });
}

/// Options of a training run as given on the command line.
struct TrainArguments {
  std::string config;
  std::string device;
  TrainOptions options;
};

/// @param arguments must outlive the parsing
void add_train_options(CLI::App& app, TrainArguments& arguments) {
  app.add_option("--config", arguments.config, "JSON config of the run (required)")
      ->type_name("FILE");
  app.add_option("--set", arguments.options.overrides, "Override a config value; can be repeated")
      ->type_name("KEY.PATH=VALUE")
      ->allow_extra_args(false);
  app.add_option("--device", arguments.device,
                 fmt::format("{}; overrides the config", device_option_help()))
      ->type_name("DEVICE");
  app.add_flag("--resume", arguments.options.resume, "Resume from the run folder's checkpoint");
  app.add_flag("--quiet", arguments.options.quiet, "Print errors and warnings only");
}

Command train(const CLI::App& app, const TrainArguments& arguments) {
  if (app.count("--config") == 0) {
    throw UsageError("--config is missing; try --config configs/baseline.json, or see --help");
  }
  TrainOptions options = arguments.options;
  options.config = arguments.config;
  if (app.count("--device") > 0) {
    const DeviceOption device = parse_single_device_option(arguments.device);
    options.overrides.push_back("device=" + device.name);
    for (const std::size_t index : device.indices) {
      options.overrides.push_back(fmt::format("device_index={}", index));
    }
  }
  return [options] { return train_command(options); };
}

void add_train(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("train", "Train a model (the default command)");
  sub->footer(
      fmt::format("Examples:\n"
                  "  qmnist_gpu train --config configs/baseline.json\n"
                  "  qmnist_gpu train --config configs/baseline.json --set training.epochs=20\n"
                  "  qmnist_gpu train --config configs/baseline.json --resume\n"
                  "\n{}",
                  kTrainDetails));
  const auto arguments = std::make_shared<TrainArguments>();
  add_train_options(*sub, *arguments);
  sub->callback([&command, sub, arguments] { command = train(*sub, *arguments); });
}

void add_evaluate(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("evaluate", "Evaluate a model on labelled images");
  sub->footer(
      "Examples:\n"
      "  qmnist_gpu evaluate --model runs/baseline\n"
      "  qmnist_gpu evaluate --model runs/seed0 runs/seed1 runs/seed2\n"
      "  qmnist_gpu evaluate --model runs/baseline --data data/t10k-images-idx3-ubyte.gz\n"
      "\n"
      "Several models form an ensemble: their class probabilities are averaged. --data takes IDX\n"
      "images with their labels in the same folder, a .csv, .npz or .npy file, Kaggle's "
      "MNIST-120k,\n"
      "or a folder with a data set.\n"
      "Where QMNIST's labels are in that folder, accuracy is broken down by writer group.");
  const auto options = std::make_shared<EvaluateOptions>();
  sub->add_option("--model", options->models, "Run folders or model.safetensors files")
      ->type_name("RUN_OR_FILE")
      ->required();
  sub->add_option("--data", options->data,
                  "Folder or file to evaluate on (default: the run's test set)")
      ->type_name("PATH");
  sub->add_option_function<std::string>(
         "--device",
         [options](const std::string& text) { options->device = parse_single_device_option(text); },
         fmt::format("{} (default: {})", device_option_help(), kAutoDevice))
      ->type_name("DEVICE");
  sub->add_flag("--json", options->json, "Print one JSON object instead of tables");
  sub->callback(
      [&command, options] { command = [options] { return evaluate_command(*options); }; });
}

void add_compare(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("compare", "Compare finished runs");
  sub->footer(
      "Example:\n"
      "  qmnist_gpu compare runs/baseline runs/seed1 --html comparison.html\n"
      "\n"
      "Each run is compared with the first one on their common test set: how many images only one\n"
      "of the two classifies correctly, and the p-value of McNemar's exact test.");
  const auto options = std::make_shared<CompareOptions>();
  sub->add_option("RUN", options->runs, "Folders of finished runs, two or more")
      ->type_name("")
      ->required()
      ->expected(2, CLI::detail::expected_max_vector_size);
  sub->add_option("--html", options->html, "Also write the tables to this file, as an HTML page")
      ->type_name("FILE");
  sub->callback([&command, options] { command = [options] { return compare_command(*options); }; });
}

void add_sweep(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("sweep", "Train many variants of a config and rank them");
  sub->footer(
      "Examples:\n"
      "  qmnist_gpu sweep --config configs/sweep.json --jobs 2\n"
      "  qmnist_gpu sweep --config configs/best.json --seeds 5\n"
      "  qmnist_gpu sweep --config configs/fast.json --seeds 5 --set data.split=official\n"
      "  qmnist_gpu sweep --config configs/sweep.json --shard 3/16\n"
      "\n"
      "The format of a sweep file is described in docs/sweeps.md. Trials are ranked by validation\n"
      "accuracy. --seeds repeats a training config with its own seed and those after it; results\n"
      "go to its output.dir with -seeds appended. Run the same command again to resume an\n"
      "interrupted sweep. --shard auto takes K and N from the task of a Slurm array, auto/N K\n"
      "from that or from a pod of a Kubernetes Indexed Job.");
  const auto options = std::make_shared<SweepOptions>();
  sub->add_option("--config", options->config,
                  "JSON file of the sweep; with --seeds, config of a run")
      ->type_name("FILE")
      ->required();
  sub->add_option("--set", options->overrides,
                  "Override a config value of all trials; can be repeated")
      ->type_name("KEY.PATH=VALUE")
      ->allow_extra_args(false);
  sub->add_option("--seeds", options->seeds, "Repeat a training config with N seeds")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, sweep::kMaxTrials));
  sub->add_option_function<std::string>(
         "--device",
         [options](const std::string& text) { options->device = parse_device_option(text); },
         "Device of all trials (default: the config's); cuda:0,1: two GPUs")
      ->type_name("DEVICE");
  sub->add_option("--jobs", options->jobs,
                  "Trials to train in parallel (default: by cores or GPU memory)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  CLI::Option* shard =
      sub->add_option_function<std::string>(
             "--shard",
             [options](const std::string& text) { options->shard = parse_shard_option(text); },
             "Train every N-th trial from the K-th (0, ...) on; or auto, auto/N")
          ->type_name("K/N");
  sub->add_flag("--collect", options->collect, "Only write the results of what shards have trained")
      ->excludes(shard);
  sub->add_flag("--quiet", options->quiet, "Print errors only");
  sub->callback([&command, options] { command = [options] { return sweep_command(*options); }; });
}

void add_info(CLI::App& app, Command& command) {
  CLI::App* sub =
      app.add_subcommand("info", "Show build, library, CPU, GPU and dataset information");
  sub->footer(
      "Examples:\n"
      "  qmnist_gpu info\n"
      "  qmnist_gpu info --augment augmented.png --config configs/same-network.json");
  const auto options = std::make_shared<InfoOptions>();
  sub->add_option("--data", options->data, "Folder with the data files (default: data)")
      ->type_name("FOLDER");
  CLI::Option* augment = sub->add_option("--augment", options->augment,
                                         "Only write a PNG of augmented training images")
                             ->type_name("FILE");
  sub->add_option("--config", options->config,
                  "Config with the augmentation settings (default: typical ones)")
      ->type_name("FILE")
      ->needs(augment);
  CLI::Option* schema =
      sub->add_flag("--schema", options->schema, "Only print the JSON Schema of configs")
          ->excludes(augment);
  sub->add_flag("--keys", options->keys, "Only print all config keys as a Markdown table")
      ->excludes(augment)
      ->excludes(schema);
  sub->callback([&command, options] { command = [options] { return info_command(*options); }; });
}

void add_export(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("export", "Export a model for use in other programs");
  sub->footer(
      fmt::format("Examples:\n"
                  "  qmnist_gpu export --model runs/baseline --format onnx\n"
                  "  qmnist_gpu export --model runs/baseline --format onnx --input float32\n"
                  "\n"
                  "Formats:\n{}",
                  exporter_table()));
  auto options = std::make_shared<ExportOptions>();
  sub->add_option("--model", options->model, "Run folder or model.safetensors file")
      ->type_name("RUN_OR_FILE")
      ->required();
  sub->add_option("--format", options->format, alternatives(exporter_names()))
      ->type_name("FORMAT")
      ->required();
  sub->add_option("--input", options->input,
                  "Type of the exported model's input, where its format has a choice")
      ->type_name("TYPE")
      ->check(CLI::IsMember(exporter_inputs()));
  sub->add_option("--output", options->output,
                  "File to write (default: the format's file name, in the working folder)")
      ->type_name("FILE");
  sub->callback([&command, options] { command = [options] { return export_command(*options); }; });
}

/// Throws unless there are either images or the two options of a submission, which take no others
/// than --model.
void check_predict_options(const CLI::App& app) {
  const bool has_csv = app.count("--csv") > 0;
  if (has_csv != (app.count("--submission") > 0)) {
    throw UsageError("{} is missing; expected --csv test.csv --submission submission.csv",
                     has_csv ? "--submission" : "--csv");
  }
  if (!has_csv && app.count("IMAGE") == 0 && app.count("--watch") == 0) {
    throw UsageError("IMAGE is missing; name images or a folder, or see --help");
  }
  for (const char* of_images : {"IMAGE", "--watch", "--preprocess", "--json", "--contact-sheet"}) {
    if (has_csv && app.count(of_images) > 0) {
      throw UsageError("{} does not go with --csv; expected only --submission and --model",
                       of_images);
    }
  }
}

void add_predict(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("predict", "Classify images");
  sub->footer(
      "Examples:\n"
      "  qmnist_gpu predict photograph.jpg\n"
      "  qmnist_gpu predict scans/ --model runs/baseline --contact-sheet sheet.png\n"
      "  qmnist_gpu predict --watch scans/\n"
      "  qmnist_gpu predict --csv test.csv --submission submission.csv\n"
      "\n"
      "Preprocessing to 28 x 28 pixels: notebook resizes the whole image; mnist segments the ink,\n"
      "dark or bright, scales it to fit 20 x 20 and centres it by its centre of mass, as MNIST's\n"
      "authors did; auto uses mnist unless the image already looks like one of MNIST's (28 x 28\n"
      "pixels, ink of that size and position on a plain background). Several models form an\n"
      "ensemble: their class probabilities are averaged.\n"
      "\n"
      "--csv takes the test images of Kaggle's Digit Recognizer, lines of 784 pixels without a\n"
      "label. Their grey levels go to the network as they are, without preprocessing.");
  auto options = std::make_shared<PredictOptions>();
  sub->add_option("IMAGE", options->images,
                  "PNG, JPEG, TIFF, WebP, GIF, BMP or PNM files, folders, or - (stdin)")
      ->type_name("");
  sub->add_option("--model", options->models,
                  fmt::format("Run folder or file (default: {}); can be repeated", kDefaultModel))
      ->type_name("RUN_OR_FILE")
      ->allow_extra_args(false);
  sub->add_option_function<std::string>(
         "--preprocess",
         [options](const std::string& name) { options->preprocess = kPreprocessMethods.at(name); },
         "auto, notebook or mnist (default: auto)")
      ->type_name("METHOD")
      ->check(CLI::IsMember(kPreprocessMethods));
  sub->add_option("--watch", options->watch,
                  "Also classify images as they arrive in this folder, until Ctrl-C")
      ->type_name("FOLDER");
  sub->add_flag("--json", options->json, "Print one JSON object per image");
  sub->add_option("--contact-sheet", options->contact_sheet,
                  "Write a PNG of the preprocessed images with their predictions")
      ->type_name("FILE");
  sub->add_option("--csv", options->csv, "Instead of IMAGE, a CSV file of images without labels")
      ->type_name("FILE");
  sub->add_option("--submission", options->submission,
                  "Write the predictions for --csv, in Kaggle's format")
      ->type_name("FILE");
  sub->callback([&command, sub, options] {
    check_predict_options(*sub);
    command = [options] { return predict_command(*options); };
  });
}

void add_selftest(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("selftest", "Check and time this machine's CPU and GPUs");
  sub->footer(
      "Examples:\n"
      "  qmnist_gpu selftest\n"
      "  qmnist_gpu selftest --device cuda:1 --json\n"
      "\n"
      "Trains small networks on images that it draws itself, in less than a minute. The CPU must\n"
      "give the same bits with each instruction set and with plain loops, a GPU's kernels of the\n"
      "fixed order the bits of the CPU. Exit status 4 if a check fails.");
  const auto options = std::make_shared<SelftestOptions>();
  sub->add_option_function<std::string>(
         "--device",
         [options](const std::string& text) { options->device = parse_single_device_option(text); },
         fmt::format("{} (default: {}, which is all of them)", device_option_help(), kAutoDevice))
      ->type_name("DEVICE");
  sub->add_flag("--json", options->json, "Print one JSON object instead of a table");
  sub->callback(
      [&command, options] { command = [options] { return selftest_command(*options); }; });
}

}  // namespace

Command parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Trains and runs a classifier of handwritten digits on a GPU or the CPU.",
               "qmnist_gpu");
  app.set_version_flag("--version", "qmnist_gpu " QMNIST_VERSION);
  app.require_subcommand(0, 1);  // later words are arguments: "predict train" reads a folder train
  TrainArguments train_arguments;
  add_train_options(app, train_arguments);
  Command command;
  add_train(app, command);
  add_evaluate(app, command);
  add_compare(app, command);
  add_export(app, command);
  add_info(app, command);
  add_predict(app, command);
  add_selftest(app, command);
  add_sweep(app, command);
  // After the subcommands, which would inherit it otherwise.
  app.footer(
      fmt::format("Without a command, the options are those of train.\n{}\n"
                  "\n"
                  "Examples:\n"
                  "  qmnist_gpu --config configs/baseline.json\n"
                  "  qmnist_gpu --config configs/baseline.json --set training.seed=1 --set "
                  "output.dir=runs/one\n"
                  "  qmnist_gpu --config configs/baseline.json --resume\n"
                  "  qmnist_gpu predict --help\n"
                  "\n{}",
                  kTrainDetails, kExitStatus));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    std::ostringstream text;
    app.exit(asked, text);
    print_text(text.str());
    return [] { return ExitStatus::kDone; };
  } catch (const CLI::ParseError& error) {
    // Report an unknown argument first: a required option may be missing because it is misspelled.
    const auto unknown = unknown_argument_text(app);
    throw UsageError("{}", unknown ? *unknown : fmt::format("{}; see --help", error.what()));
  }
  if (!command) {
    return train(app, train_arguments);
  }
  if (has_options(app)) {
    throw UsageError("put options after the command: qmnist_gpu {} ...; see --help",
                     app.get_subcommands().front()->get_name());
  }
  return command;
}

}  // namespace qmnist
