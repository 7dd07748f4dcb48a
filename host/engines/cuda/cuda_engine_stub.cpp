#include "host/engines/cuda/make_cuda_engine.h"
#include "host/error.h"

namespace qmnist::cuda {
namespace {

// Takes the place of this folder's other files where no CUDA Toolkit was found.
[[noreturn]] void throw_built_without_cuda() {
  throw DeviceError(
      "this program was built without CUDA; a GPU needs a CUDA Toolkit at build time");
}

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): as there
std::unique_ptr<Engine> make_cuda_engine(EngineSettings /*settings*/) {
  throw_built_without_cuda();
}

std::vector<std::string> describe_cuda_devices() {
  throw_built_without_cuda();
}

}  // namespace qmnist::cuda
