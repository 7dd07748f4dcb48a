#include "host/engines/cuda/device_messages.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/small_run.h"

namespace qmnist::cuda {
namespace {

using test::expect_contains;

constexpr int kRuntime = 13000;

std::string no_device(CudaStatus status, const DriverState& driver) {
  return no_device_message(status, driver, kRuntime);
}

TEST(DeviceMessagesTest, NoDriverIsNotCalledTooOld) {
  // A runtime without a driver calls it insufficient.
  EXPECT_EQ(no_device(CudaStatus::kInsufficientDriver, {}),
            "no NVIDIA driver here; in a container start it with --gpus all (Apptainer: --nv)");
}

TEST(DeviceMessagesTest, DeviceFilesWithoutTheDriversLibrary) {
  const std::string text =
      no_device(CudaStatus::kInsufficientDriver, {.version = 0, .has_device_file = true});
  expect_contains(text, "libcuda.so.1 is missing");
  expect_contains(text, "NVIDIA_DRIVER_CAPABILITIES=compute,utility");
}

TEST(DeviceMessagesTest, AnOldDriverIsNamedWithBothVersions) {
  const DriverState driver{.version = 12040, .has_device_file = true};
  EXPECT_EQ(no_device(CudaStatus::kInsufficientDriver, driver),
            "the NVIDIA driver supports CUDA up to 12.4, but this program uses CUDA 13.0; update "
            "the driver, or build the program with CUDA Toolkit 12");
}

TEST(DeviceMessagesTest, NoToolkitIsNamedThatTheProgramDoesNotSupport) {
  const std::string text =
      no_device(CudaStatus::kInsufficientDriver, {.version = 11080, .has_device_file = true});
  expect_contains(text, "11.8");
  EXPECT_TRUE(text.ends_with("; update the driver")) << text;
}

TEST(DeviceMessagesTest, HiddenDevicesAreNamedWithTheVariablesValue) {
  for (const char* value : {"", "7", "NoDevFiles"}) {
    const std::string text =
        no_device(CudaStatus::kNoDevice,
                  {.version = kRuntime, .has_device_file = true, .visible_devices = value});
    expect_contains(text, "CUDA_VISIBLE_DEVICES is \"" + std::string(value) + "\"");
    EXPECT_TRUE(text.ends_with("; unset it, or name GPUs that nvidia-smi lists")) << text;
  }
  expect_contains(no_device(CudaStatus::kNoDevice, {.version = kRuntime, .visible_devices = "0"}),
                  "CUDA_VISIBLE_DEVICES is \"0\"; unset it, or name GPUs that nvidia-smi lists; in "
                  "a container start it with --gpus all");
}

TEST(DeviceMessagesTest, ADriverWithoutAGpu) {
  expect_contains(no_device(CudaStatus::kNoDevice, {.version = kRuntime}), "--gpus all");
  const std::string text =
      no_device(CudaStatus::kNoDevice, {.version = kRuntime, .has_device_file = true});
  expect_contains(text, "nvidia-smi");
  EXPECT_EQ(text.find("CUDA_VISIBLE_DEVICES"), std::string::npos) << text;
}

TEST(DeviceMessagesTest, StatusesWithACauseOutsideTheProgram) {
  for (const auto& [status, remedy] :
       {std::pair{CudaStatus::kStubLibrary, "LD_LIBRARY_PATH"},
        std::pair{CudaStatus::kDevicesUnavailable, "exclusive mode"},
        std::pair{CudaStatus::kSystemNotReady, "nvidia-fabricmanager"},
        std::pair{CudaStatus::kSystemDriverMismatch, "restart the machine"},
        std::pair{CudaStatus::kCompatNotSupportedOnDevice, "cuda-compat"}}) {
    expect_contains(status_message(status), remedy);
    EXPECT_EQ(no_device(status, {.version = kRuntime}), status_message(status));
  }
  constexpr auto kLaunchFailure = static_cast<CudaStatus>(719);
  EXPECT_EQ(status_message(kLaunchFailure), "");
  EXPECT_EQ(no_device(kLaunchFailure, {.version = kRuntime}), "");
}

TEST(DeviceMessagesTest, AnIndexBeyondTheCountListsWhatIsThere) {
  const std::vector<std::string> names{"NVIDIA H200", "NVIDIA L4"};
  EXPECT_EQ(device_index_message(2, names, std::nullopt),
            "device_index is 2, but the GPUs here are 0 (NVIDIA H200), 1 (NVIDIA L4)");
  expect_contains(device_index_message(2, names, "4,5"), "CUDA_VISIBLE_DEVICES is \"4,5\"");
}

TEST(DeviceMessagesTest, AMissingKernelImageNamesTheCapabilities) {
  constexpr std::array kBuilt{80, 90, 100};
  const auto message = [&](CudaStatus status) {
    return kernel_message(status, "GPU 1 (Tesla T4)", 75, kBuilt);
  };
  constexpr std::string_view kText =
      "GPU 1 (Tesla T4) has compute capability 7.5, but this program was built for 8.0, 9.0, 10.0; "
      "build it with -DCMAKE_CUDA_ARCHITECTURES=75";
  EXPECT_EQ(message(CudaStatus::kNoKernelImageForDevice), kText);
  EXPECT_EQ(message(CudaStatus::kInvalidDeviceFunction), kText);
  expect_contains(message(CudaStatus::kUnsupportedPtxVersion), "update the driver, or build it");
  EXPECT_EQ(message(CudaStatus::kSystemNotReady), "");
  EXPECT_EQ(message(CudaStatus{0}), "");
}

TEST(DeviceMessagesTest, OutOfMemorySaysHowMuchWasRequestedAndIsThere) {
  constexpr std::size_t kMib = std::size_t{1} << 20;
  const DeviceMemory memory{.free = 12 * kMib + kMib / 2, .total = 81920 * kMib};
  const std::string text = device_memory_message("GPU 0", 1536 * kMib, memory);
  expect_contains(
      text,
      "GPU 0 has too little free memory: 1.50 GiB requested, 12.5 MiB of 80.00 GiB free; "
      "use a smaller model.hidden or training.batch_size");
  expect_contains(device_memory_message("GPU 0", std::nullopt, memory),
                  "memory: 12.5 MiB of 80.00 GiB free; use");
  expect_contains(device_memory_message("GPU 0", std::nullopt, std::nullopt), "memory; use");
}

TEST(DeviceMessagesTest, PinnedMemoryIsTheHosts) {
  const std::string text = pinned_memory_message(std::size_t{3} << 20);
  expect_contains(text, "the host has too little memory");
  expect_contains(text, "3.0 MiB requested");
  expect_contains(text, "training.batch_size");
}

}  // namespace
}  // namespace qmnist::cuda
