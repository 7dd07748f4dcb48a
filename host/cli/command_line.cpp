#include "host/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

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
    "data, 4 device failure, 130 interrupted (saved; --resume goes on).";

/// What stands on the command line where no command is named.
struct TrainArguments {
  std::string config;
  std::string device;
  TrainOptions options;
};

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

}  // namespace

Command parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Trains a handwritten-digit classifier on a GPU or the CPU.", "qmnist_gpu");
  app.footer(kFooter);
  app.set_version_flag("--version", "qmnist_gpu " QMNIST_VERSION);
  TrainArguments train_arguments;
  add_train_options(app, train_arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    app.exit(asked);
    return [] { return ExitStatus::kDone; };
  } catch (const CLI::ParseError& error) {
    throw UsageError("{}; see --help", error.what());
  }
  return train(app, train_arguments);
}

}  // namespace qmnist
