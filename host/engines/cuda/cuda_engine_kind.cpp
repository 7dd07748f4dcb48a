#include "host/engines/cuda/cuda_engine_kind.h"

#include <dlfcn.h>

#include <string>

#include "host/engines/cuda/cuda_library.h"
#include "host/error.h"

namespace qmnist::cuda {
namespace {

constexpr const char* kLibrary = "libqmnist_cuda.so";

/// Why the library was not loaded, and the remedy.
std::string loading_message(const std::string& reason) {
  if (reason.starts_with(kLibrary)) {  // else it is another library's name
    return fmt::format(
        "this program was built without CUDA; a GPU needs a CUDA Toolkit at build time ({})",
        reason);
  }
  return fmt::format(
      "CUDA's libraries cannot be loaded ({}); install the CUDA runtime and cuBLAS of the version "
      "that the program was built with, or add their folder to LD_LIBRARY_PATH",
      reason);
}

const CudaLibrary& load() {
  // Found by the program's RUNPATH, and never unloaded, as CUDA has exit handlers.
  static const void* const loaded = [] {
    void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    const void* symbol = library == nullptr ? nullptr : dlsym(library, "qmnist_cuda_library");
    if (symbol == nullptr) {
      throw DeviceError("{}", loading_message(dlerror()));  // NOLINT(concurrency-mt-unsafe)
    }
    return symbol;
  }();
  return *static_cast<const CudaLibrary*>(loaded);
}

}  // namespace

const EngineKind kEngineKind{
    .name = "cuda",
    .title = "GPU",
    .is_numbered = true,
    .host_bytes = [](const EngineSettings& /*any*/) -> std::size_t { return 0; },
    .make = [](EngineSettings settings) { return load().make(std::move(settings)); },
    .devices = [] { return load().devices(); },
};

}  // namespace qmnist::cuda
