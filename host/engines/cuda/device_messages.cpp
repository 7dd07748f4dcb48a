#include "host/engines/cuda/device_messages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "host/bytes_text.h"

namespace qmnist::cuda {
namespace {

constexpr std::string_view kInContainer =
    "in a container start it with --gpus all (Apptainer: --nv)";

std::string capability_text(int capability) {
  return fmt::format("{}.{}", capability / 10, capability % 10);
}

std::string no_driver_message(bool has_device_file) {
  if (has_device_file) {
    return "the NVIDIA driver's library libcuda.so.1 is missing, although its device files are "
           "here; install it, or in a container set NVIDIA_DRIVER_CAPABILITIES=compute,utility";
  }
  return fmt::format("no NVIDIA driver here; {}", kInContainer);
}

std::string old_driver_message(int driver, int runtime) {
  constexpr int kOldestToolkit = 12;  // as CMakeLists.txt demands
  const int major = driver / 1000;
  return fmt::format("the NVIDIA driver supports CUDA up to {}, but this program uses CUDA {}; {}",
                     cuda_version_text(driver), cuda_version_text(runtime),
                     major < kOldestToolkit
                         ? "update the driver"
                         : fmt::format("update the driver, or build the program with CUDA "
                                       "Toolkit {}",
                                       major));
}

std::string no_visible_device_message(const DriverState& driver) {
  if (driver.visible_devices) {
    return fmt::format(
        "no GPU is visible: CUDA_VISIBLE_DEVICES is \"{}\"; unset it, or name GPUs that nvidia-smi "
        "lists{}",
        *driver.visible_devices, driver.has_device_file ? "" : fmt::format("; {}", kInContainer));
  }
  if (!driver.has_device_file) {
    return fmt::format("the NVIDIA driver's library is here, but no GPU or no kernel module; {}",
                       kInContainer);
  }
  return "the NVIDIA driver finds no GPU that can be used; see nvidia-smi, and note that a GPU in "
         "MIG mode needs a compute instance";
}

}  // namespace

std::string cuda_version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string_view status_message(CudaStatus status) {
  switch (status) {
    case CudaStatus::kStubLibrary:
      return "the CUDA Toolkit's stub of libcuda.so.1 was loaded instead of the driver's library; "
             "remove the Toolkit's folder \"stubs\" from LD_LIBRARY_PATH";
    case CudaStatus::kDevicesUnavailable:
      return "the GPU is in exclusive mode and in use by another process, or its compute mode is "
             "prohibited; nvidia-smi -q -d COMPUTE shows the mode";
    case CudaStatus::kSystemNotReady:
      return "the GPUs' NVSwitch fabric is not ready; start the service nvidia-fabricmanager on "
             "the host";
    case CudaStatus::kSystemDriverMismatch:
      return "the NVIDIA driver's kernel module and libcuda.so.1 are of different versions; "
             "restart the machine after a driver update, or in a container remove the package "
             "cuda-compat";
    case CudaStatus::kCompatNotSupportedOnDevice:
      return "the package cuda-compat does not support this GPU; update the driver, or remove that "
             "package from LD_LIBRARY_PATH and use an image for the driver's CUDA version";
    default:
      return "";
  }
}

std::string no_device_message(CudaStatus status, const DriverState& driver, int runtime_version) {
  if (driver.version == 0) {
    return no_driver_message(driver.has_device_file);
  }
  if (status == CudaStatus::kInsufficientDriver) {
    return old_driver_message(driver.version, runtime_version);
  }
  if (status == CudaStatus::kNoDevice) {
    return no_visible_device_message(driver);
  }
  return std::string(status_message(status));
}

std::string device_index_message(std::size_t index, std::span<const std::string> names,
                                 const std::optional<std::string>& visible_devices) {
  std::vector<std::string> devices;
  for (const std::string& name : names) {
    devices.push_back(fmt::format("{} ({})", devices.size(), name));
  }
  std::string text =
      fmt::format("device_index is {}, but the GPUs here are {}", index, fmt::join(devices, ", "));
  if (visible_devices) {
    text += fmt::format("; CUDA_VISIBLE_DEVICES is \"{}\" and hides any others", *visible_devices);
  }
  return text;
}

std::string kernel_message(CudaStatus status, std::string_view device, int capability,
                           std::span<const int> built) {
  switch (status) {
    case CudaStatus::kInvalidDeviceFunction:
    case CudaStatus::kNoKernelImageForDevice:
    case CudaStatus::kJitCompilerNotFound:
    case CudaStatus::kUnsupportedPtxVersion:
      break;
    default:
      return "";
  }
  std::vector<std::string> capabilities;
  for (const int each : built) {
    capabilities.push_back(capability_text(each));
  }
  return fmt::format(
      "{} has compute capability {}, but this program was built for {}; {}build it with "
      "-DCMAKE_CUDA_ARCHITECTURES={}",
      device, capability_text(capability), fmt::join(capabilities, ", "),
      status == CudaStatus::kUnsupportedPtxVersion ? "update the driver, or " : "", capability);
}

std::string device_memory_message(std::string_view device, std::optional<std::size_t> requested,
                                  const std::optional<DeviceMemory>& memory) {
  std::vector<std::string> amounts;
  if (requested) {
    amounts.push_back(fmt::format("{} requested", bytes_text(*requested, 1)));
  }
  if (memory) {
    amounts.push_back(
        fmt::format("{} of {} free", bytes_text(memory->free, 1), bytes_text(memory->total, 1)));
  }
  return fmt::format(
      "{} has too little free memory{}{}; use a smaller model.hidden or training.batch_size, or "
      "end other programs that nvidia-smi lists on it",
      device, amounts.empty() ? "" : ": ", fmt::join(amounts, ", "));
}

std::string pinned_memory_message(std::size_t requested) {
  return fmt::format(
      "the host has too little memory that can be pinned for the GPU: {} requested; use a smaller "
      "training.batch_size, or end other programs",
      bytes_text(requested, 1));
}

}  // namespace qmnist::cuda
