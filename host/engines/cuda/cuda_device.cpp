#include "host/engines/cuda/cuda_device.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include "host/engines/cuda/cuda_check.h"
#include "host/engines/cuda/device_messages.h"
#include "host/engines/cuda/kernel_image.h"
#include "host/error.h"

namespace qmnist::cuda {
namespace {

double in_gib(std::size_t bytes) {
  return static_cast<double>(bytes) / (1 << 30);
}

std::optional<std::string> visible_devices() {
  const char* value =
      std::getenv("CUDA_VISIBLE_DEVICES");  // NOLINT(concurrency-mt-unsafe): no setenv
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int runtime_version() {
  int version = 0;
  QMNIST_CHECK(cudaRuntimeGetVersion(&version));
  return version;
}

int driver_version() {
  int version = 0;
  QMNIST_CHECK(cudaDriverGetVersion(&version));
  return version;
}

bool file_exists(const char* file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

DriverState driver_state() {
  return {.version = driver_version(),
          .has_device_file =
              file_exists("/dev/nvidiactl") || file_exists("/dev/dxg"),  // the latter: WSL's
          .visible_devices = visible_devices()};
}

cudaDeviceProp properties_of(std::size_t index) {
  cudaDeviceProp properties{};
  QMNIST_CHECK(cudaGetDeviceProperties(&properties, static_cast<int>(index)));
  return properties;
}

int attribute_of(std::size_t index, cudaDeviceAttr attribute) {
  int value = 0;
  QMNIST_CHECK(cudaDeviceGetAttribute(&value, attribute, static_cast<int>(index)));
  return value;
}

/// What its speed depends on.
std::string speed_text(std::size_t index) {
  constexpr int kMega = 1000;  // clocks are in kHz
  return fmt::format("{} multiprocessors at up to {} MHz, memory at {} MHz",
                     attribute_of(index, cudaDevAttrMultiProcessorCount),
                     attribute_of(index, cudaDevAttrClockRate) / kMega,
                     attribute_of(index, cudaDevAttrMemoryClockRate) / kMega);
}

std::string name_of(std::size_t index) {
  return static_cast<const char*>(properties_of(index).name);
}

void check_index(std::size_t index) {
  const std::size_t count = count_cuda_devices();
  if (index >= count) {
    std::vector<std::string> names;
    for (std::size_t device = 0; device < count; ++device) {
      names.push_back(name_of(device));
    }
    throw DeviceError("{}", device_index_message(index, names, visible_devices()));
  }
}

/// CUDA's own message, appended to ours.
std::string error_text(cudaError_t status) {
  return fmt::format(" ({}: {})", cudaGetErrorName(status), cudaGetErrorString(status));
}

/// Throws where the program has no kernels for the current device.
void check_kernels(const CudaDevice& device) {
  const cudaError_t status = find_kernel_image();
  const std::string message = kernel_message(static_cast<CudaStatus>(status),
                                             fmt::format("GPU {} ({})", device.index, device.name),
                                             device.capability, built_capabilities());
  if (!message.empty()) {
    throw DeviceError("{}{}", message, error_text(status));
  }
  check_device_call(status, "cudaFuncGetAttributes", __FILE__, __LINE__);
}

}  // namespace

std::size_t count_cuda_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    const DriverState driver = driver_state();
    std::string message =
        no_device_message(static_cast<CudaStatus>(status), driver, runtime_version());
    if (message.empty()) {
      message = "no GPU works here";
    }
    if (driver.version != 0) {  // else CUDA speaks of a driver that is too old
      message += error_text(status);
    }
    throw DeviceError("{}", message);
  }
  return static_cast<std::size_t>(count);
}

CudaDevice use_cuda_device(std::size_t index) {
  check_index(index);
  const cudaDeviceProp properties = properties_of(index);
  CudaDevice device{.index = index,
                    .name = static_cast<const char*>(properties.name),
                    .capability = 10 * properties.major + properties.minor,
                    .memory_bytes = properties.totalGlobalMem,
                    .driver = driver_version(),
                    .runtime = runtime_version()};
  QMNIST_CHECK(cudaSetDevice(static_cast<int>(index)));
  check_kernels(device);
  return device;
}

std::string cuda_device_uuid(std::size_t index) {
  const cudaDeviceProp properties = properties_of(index);
  return {static_cast<const char*>(properties.uuid.bytes), sizeof(properties.uuid.bytes)};
}

std::vector<std::string> describe_cuda_devices() {
  std::vector<std::string> lines;
  const std::size_t count = count_cuda_devices();
  for (std::size_t index = 0; index < count; ++index) {
    try {
      const CudaDevice device = use_cuda_device(index);
      std::size_t free = 0;
      std::size_t total = 0;
      QMNIST_CHECK(cudaMemGetInfo(&free, &total));
      lines.push_back(fmt::format("{}, {}, {:.1f} GiB free", describe(device), speed_text(index),
                                  in_gib(free)));
    } catch (const DeviceError& error) {
      lines.push_back(fmt::format("GPU {} cannot be used: {}", index, error.what()));
    }
  }
  return lines;
}

std::string describe(const CudaDevice& device) {
  return fmt::format(
      "GPU {}: {}, compute capability {}.{}, {:.0f} GiB, driver for CUDA {}, "
      "CUDA runtime {}",
      device.index, device.name, device.capability / 10, device.capability % 10,
      in_gib(device.memory_bytes), cuda_version_text(device.driver),
      cuda_version_text(device.runtime));
}

}  // namespace qmnist::cuda
