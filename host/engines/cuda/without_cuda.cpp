#include "host/engines/cuda/make_cuda_engine.h"
#include "host/error.h"

namespace qmnist {

// Takes the place of this folder's other files where no CUDA Toolkit was found.
// NOLINTNEXTLINE(performance-unnecessary-value-param): as there
std::unique_ptr<Engine> make_cuda_engine(EngineSettings /*settings*/) {
  throw DeviceError("this program was built without CUDA");
}

}  // namespace qmnist
