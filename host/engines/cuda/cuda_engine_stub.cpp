#include "host/engines/cuda/cuda_engine_kind.h"
#include "host/error.h"

namespace qmnist::cuda {
namespace {

// Takes the place of this folder's other files where no CUDA Toolkit was found.
[[noreturn]] void throw_built_without_cuda() {
  throw DeviceError(
      "this program was built without CUDA; a GPU needs a CUDA Toolkit at build time");
}

}  // namespace

const EngineKind kEngineKind{
    .name = "cuda",
    .title = "GPU",
    .host_bytes = [](const EngineSettings& /*any*/) -> std::size_t { return 0; },
    // NOLINTNEXTLINE(performance-unnecessary-value-param): as the registry has it
    .make = [](EngineSettings /*any*/) -> std::unique_ptr<Engine> { throw_built_without_cuda(); },
    .devices = []() -> std::vector<std::string> { throw_built_without_cuda(); },
};

}  // namespace qmnist::cuda
