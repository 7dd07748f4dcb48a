#include "host/cli/info_command.h"

#include <fmt/format.h>

#include <thread>

#include "host/data/dataset.h"
#include "host/engines/cpu/cpu_info.h"
#include "host/engines/cpu/instruction_set.h"
#include "host/engines/cuda/make_cuda_engine.h"
#include "host/report/text.h"

namespace qmnist {
namespace {

/// The notebook's network: the smallest engine that shows what a training run would use.
std::string gpu() {
  const std::array<std::size_t, 2> hidden{128, 64};
  try {
    return make_cuda_engine(
               {.network = Network(kPixels, hidden, kClasses), .optimizer = {}, .batch_size = 32})
        ->device();
  } catch (const DeviceError& error) {
    return fmt::format("none: {}", error.what());
  }
}

std::string digits_in(const std::filesystem::path& folder) {
  try {
    const Dataset dataset = load_dataset(folder, DataSource::kAuto);
    return fmt::format("{}, {} digits in {}", dataset.name, grouped(dataset.count()),
                       folder.string());
  } catch (const DataError& error) {
    return fmt::format("none: {}", error.what());
  }
}

}  // namespace

ExitStatus info_command(const std::filesystem::path& data) {
  fmt::print("qmnist_gpu {}\n", QMNIST_VERSION);
  fmt::print("build      {}, {}, {}\n", QMNIST_COMPILER, QMNIST_BUILD_TYPE, QMNIST_CUDA_VERSION);
  fmt::print("libraries  {}\n", QMNIST_LIBRARIES);
  fmt::print("CPU        {}, {} threads\n", cpu_model(), std::thread::hardware_concurrency());
  fmt::print(
      "           {} kernels, whatever the layers' widths; the first layer skips zero pixels\n",
      instruction_set());
  fmt::print("GPU        {}\n", gpu());
  fmt::print("data       {}\n", digits_in(data));
  return ExitStatus::kDone;
}

}  // namespace qmnist
