#include "host/engines/cuda/cuda_engine_kind.h"

#include <string>

#include "host/engines/cuda/chunk.h"
#include "host/engines/cuda/cuda_library.h"
#include "host/error.h"
#include "host/own_library.h"

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

const void* load_symbol() {
  try {
    return load_own_library(kLibrary, "qmnist_cuda_library");
  } catch (const LibraryError& error) {
    throw DeviceError("{}", loading_message(error.what()));
  }
}

/// Two chunks in pinned memory.
std::size_t pinned_bytes(const EngineSettings& settings) {
  const ChunkLayout layout(content_of_chunks(settings), max_chunk_samples(settings.batch_size));
  return 2 * layout.bytes();
}

const CudaLibrary& load() {
  if constexpr (!QMNIST_HAS_CUDA) {
    throw DeviceError(
        "this program was built without CUDA; to use a GPU, remove the build folder and build "
        "with a CUDA Toolkit, or take the image with CUDA");
  }
  static const void* const symbol = load_symbol();
  return *static_cast<const CudaLibrary*>(symbol);
}

std::size_t device_of_rank(World& world) {
  bool loads = true;
  try {
    (void)load();
  } catch (const DeviceError&) {
    loads = false;
  }
  if (world.any(!loads)) {
    (void)load();
    throw DeviceError("another rank cannot use a GPU");
  }
  return load().device_of_rank(world);
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
    .device_of_rank = device_of_rank,
    .obstacle_to_ranks = [] { return load().obstacle_to_ranks(); },
};

}  // namespace qmnist::cuda
