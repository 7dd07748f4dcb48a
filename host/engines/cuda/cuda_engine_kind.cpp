#include "host/engines/cuda/cuda_engine_kind.h"

#include <dlfcn.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "host/engines/cuda/chunk.h"
#include "host/engines/cuda/cuda_library.h"
#include "host/error.h"

namespace qmnist::cuda {
namespace {

constexpr const char* kLibrary = "libqmnist_cuda.so";

/// Why the library was not loaded, and the remedy.
std::string loading_message(const std::string& reason) {
  if (reason.find(kLibrary) != std::string::npos) {  // else it is another library's name
    return fmt::format("a part of this program cannot be loaded ({}); build or install it again",
                       reason);
  }
  return fmt::format(
      "CUDA's libraries cannot be loaded ({}); install the CUDA runtime and cuBLAS of the version "
      "that the program was built with, or add their folder to LD_LIBRARY_PATH",
      reason);
}

/// An installed program has the library in a folder of its own; in the build folder, it is found by
/// the program's RUNPATH.
std::string library_path() {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto installed = program.parent_path() / QMNIST_LIBRARY_FOLDER / kLibrary;
  return std::filesystem::exists(installed, ignored) ? installed.string() : kLibrary;
}

const void* load_symbol() {
  // Never unloaded, as CUDA has exit handlers.
  void* library = dlopen(library_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  const void* symbol = library == nullptr ? nullptr : dlsym(library, "qmnist_cuda_library");
  if (symbol == nullptr) {
    throw DeviceError("{}", loading_message(dlerror()));  // NOLINT(concurrency-mt-unsafe)
  }
  return symbol;
}

/// Two chunks in pinned memory.
std::size_t pinned_bytes(const EngineSettings& settings) {
  const ChunkLayout layout(settings.network.inputs(), max_chunk_samples(settings.batch_size),
                           settings.augmentation.any());
  return 2 * layout.bytes();
}

const CudaLibrary& load() {
  if constexpr (!QMNIST_HAS_CUDA) {
    throw DeviceError(
        "this program was built without CUDA; a GPU needs a CUDA Toolkit at build time");
  }
  static const void* const symbol = load_symbol();
  return *static_cast<const CudaLibrary*>(symbol);
}

}  // namespace

const EngineKind kEngineKind{
    .name = "cuda",
    .title = "GPU",
    .auto_kernels = Kernels::kCublas,
    .is_numbered = true,
    .host_bytes = pinned_bytes,
    .device_bytes = [](const EngineSettings& shape) { return load().device_bytes(shape); },
    .make_group =
        [](std::vector<EngineSettings> settings) { return load().make_group(std::move(settings)); },
    .networks_at_once = [](const EngineSettings& shape) { return load().networks_at_once(shape); },
    .devices = [] { return load().devices(); },
};

}  // namespace qmnist::cuda
