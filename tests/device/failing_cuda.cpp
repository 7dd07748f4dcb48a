// Preloaded into qmnist_gpu, this makes CUDA calls fail as they do with other drivers and GPUs: a
// call returns the status that the environment variable of its name holds. Without one it is
// passed on to CUDA.

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <cstdlib>
#include <optional>

namespace {

std::optional<int> number_in_environment(const char* name) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return text == nullptr ? std::nullopt : std::optional(std::atoi(text));
}

template <typename... Arguments>
cudaError_t call(const char* name, Arguments... arguments) {
  if (const auto status = number_in_environment(name)) {
    return static_cast<cudaError_t>(*status);
  }
  const auto next = reinterpret_cast<cudaError_t (*)(Arguments...)>(dlsym(RTLD_NEXT, name));
  return next(arguments...);
}

}  // namespace

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  return call("cudaGetDeviceCount", count);
}

cudaError_t cudaSetDevice(int device) {
  return call("cudaSetDevice", device);
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
  return call("cudaFuncGetAttributes", attributes, kernel);
}

/// Its variable holds a version, 12040 for 12.4.
cudaError_t cudaDriverGetVersion(int* version) {
  if (const auto number = number_in_environment("cudaDriverGetVersion")) {
    *version = *number;
    return cudaSuccess;
  }
  return call("cudaDriverGetVersion", version);
}
}
