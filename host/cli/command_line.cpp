#include "host/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

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

}  // namespace

std::optional<TrainOptions> parse_command_line(int argc, const char* const* argv) {
  TrainOptions options;
  std::string config;
  std::string device;
  CLI::App app("Trains a handwritten-digit classifier on a GPU or the CPU.", "qmnist_gpu");
  app.footer(kFooter);
  app.set_version_flag("--version", "qmnist_gpu " QMNIST_VERSION);
  app.add_option("--config", config, "JSON config of the run (required)")->type_name("FILE");
  app.add_option("--set", options.overrides, "Override a config value; may be given several times")
      ->type_name("KEY.PATH=VALUE")
      ->allow_extra_args(false);
  app.add_option("--device", device, "auto, cuda or cpu; same as --set device=...")
      ->type_name("DEVICE");
  app.add_flag("--resume", options.resume, "Go on from the run folder's checkpoint");
  app.add_flag("--quiet", options.quiet, "Print nothing but errors");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    app.exit(asked);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw UsageError("{}; see --help", error.what());
  }
  if (app.count("--config") == 0) {
    throw UsageError("--config is missing; try --config configs/baseline.json, or see --help");
  }
  options.config = config;
  if (app.count("--device") > 0) {
    options.overrides.push_back("device=" + device);
  }
  return options;
}

}  // namespace qmnist
