#include "host/run/engine_settings.h"

#include "host/trainer/trainer.h"

namespace qmnist {

Kernels kernels_of(const TrainingSettings& training) {
  return training.slices > 1 ? Kernels::kFixedOrder : training.kernels;
}

Network network_of(const Config& config, std::size_t classes) {
  return {kPixels, config.model.hidden, classes, config.model.activation};
}

EngineSettings engine_settings(const Config& config, const Network& network, std::size_t train_size,
                               World* world) {
  return {.network = network,
          .optimizer = config.optimizer,
          .batch_size = config.training.batch_size,
          .slices = config.training.slices,
          .world = world,
          .threads = config.training.threads,
          .device_index = config.device_index,
          .math = config.training.math,
          .kernels = kernels_of(config.training),
          .on_device = config.data.on_device,
          .seed = config.training.seed,
          .augmentation = config.augmentation,
          .regularization = config.regularization,
          .teacher = config.teacher,
          .schedule = schedule_of(config, train_size)};
}

}  // namespace qmnist
