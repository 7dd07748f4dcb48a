#include "host/cli/info_command.h"

#include <fmt/format.h>

#include "host/atomic_file.h"
#include "host/charts/distortion_sheet.h"
#include "host/cli/output.h"
#include "host/cli/read_data.h"
#include "host/config/config.h"
#include "host/config/schema.h"
#include "host/data/dataset.h"
#include "host/engines/engine_kinds.h"
#include "host/error.h"
#include "host/format/text.h"
#include "host/format/training_text.h"
#include "host/image/png.h"

namespace qmnist {
namespace {

void print_devices() {
  for (const EngineKind* kind : engine_kinds()) {
    try {
      for (const std::string& device : kind->devices()) {
        print_out("{:<9}  {}\n", kind->title, device);
      }
    } catch (const DeviceError& error) {
      print_out("{:<9}  none: {}\n", kind->title, error.what());
    }
  }
}

std::string dataset_in(const std::filesystem::path& folder) {
  try {
    const Dataset dataset = read_data(folder);
    return fmt::format("{}, {} images in {}", dataset.name, grouped(dataset.count()),
                       folder.string());
  } catch (const DataError& error) {
    return fmt::format("none: {}", error.what());
  }
}

AugmentationSettings augmentation_of(const std::filesystem::path& config) {
  if (config.empty()) {
    return {.rotation = 10,
            .scale = 0.1,
            .shear = 0.1,
            .shift = 1.5,
            .elastic = 1,
            .elastic_sigma = 4.5};
  }
  const AugmentationSettings settings = load_config(config, {}).augmentation;
  if (!settings.any()) {
    throw UsageError(
        "{}: this config has no augmentation; set augmentation.elastic to 1, for example",
        config.string());
  }
  return settings;
}

void draw_distortions(const InfoOptions& options) {
  const AugmentationSettings settings = augmentation_of(options.config);
  const Dataset dataset = read_data(options.data);
  const GreyImage sheet = distortion_sheet(dataset.view(), Augmentation(settings, 0));
  write_atomically(options.augment, encode_png(sheet));
  print_out("Wrote {}: each digit, and nine distortions of it by {}\n", options.augment.string(),
            augmentation_text(settings));
}

}  // namespace

ExitStatus info_command(const InfoOptions& options) {
  if (!options.augment.empty()) {
    draw_distortions(options);
    return ExitStatus::kDone;
  }
  if (options.schema) {
    print_out("{}\n", config_schema().dump(2));
    return ExitStatus::kDone;
  }
  if (options.keys) {
    print_out("{}", config_table());
    return ExitStatus::kDone;
  }
  print_out("qmnist_gpu {}\n", QMNIST_VERSION);
  print_out("build      {}, {}, {}\n", QMNIST_COMPILER, QMNIST_BUILD_TYPE, QMNIST_CUDA_VERSION);
  print_out("parts      {}\n", QMNIST_PARTS);
  print_out("libraries  {}\n", QMNIST_LIBRARIES);
  print_devices();
  print_out("data       {}\n", dataset_in(options.data));
  return ExitStatus::kDone;
}

}  // namespace qmnist
