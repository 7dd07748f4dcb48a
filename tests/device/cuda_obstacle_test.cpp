#include <dlfcn.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/gpu.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

using Assignments = std::vector<std::string>;
using Fragments = std::initializer_list<std::string_view>;

/// Runs of the whole program with CUDA calls that fail as they do with other drivers and GPUs.
class CudaObstacleTest : public testing::Test {
 protected:
  /// @param environment what failing_cuda.cpp reads, and other variables
  [[nodiscard]] ProgramResult train(const std::string& device, const Assignments& environment,
                                    const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command{"env", "LD_PRELOAD=" QMNIST_FAILING_CUDA};
    command.insert(command.end(), environment.begin(), environment.end());
    std::vector<std::string> arguments{"--device", device};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::vector<std::string> program = run_.command(arguments);
    command.insert(command.end(), program.begin(), program.end());
    return run_program(command);
  }

  void expect_device_error(const Assignments& environment, Fragments fragments) const {
    const ProgramResult result = train("cuda", environment);
    expect_error(result, 4, fragments);
    EXPECT_TRUE(result.output.empty()) << result.output;
    EXPECT_FALSE(std::filesystem::exists(run_.output()));
  }

  /// Expects the CPU to be used, saying so and why in one line.
  void expect_cpu(const Assignments& environment, std::string_view reason) const {
    const ProgramResult result = train("auto", environment);
    expect_success(result);
    const std::size_t line = result.output.find("device auto: using the CPU: ");
    ASSERT_NE(line, std::string::npos) << result.output;
    expect_contains(result.output.substr(line, result.output.find('\n', line) - line), reason);
    EXPECT_EQ(read_json(run_.file("config.json")).at("device"), "cpu");
  }

 private:
  SmallRun run_;
};

/// The same where a GPU works.
class CudaDeviceObstacleTest : public CudaObstacleTest {
 protected:
  void SetUp() override {
    if (const std::string obstacle = gpu_obstacle(); !obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
  }
};

TEST_F(CudaObstacleTest, NoDriver) {
  if (gpu_obstacle().empty() || dlopen("libcuda.so.1", RTLD_LAZY) != nullptr ||
      std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/dxg")) {
    GTEST_SKIP() << "a driver or an emulator is here";
  }
  expect_device_error({},
                      {"device cuda: no NVIDIA driver here; in a container start it with --gpus "
                       "all (Apptainer: --nv); or use --device cpu"});
  expect_cpu({}, "no NVIDIA driver here");
}

TEST_F(CudaObstacleTest, ALibraryOfCudaThatIsMissing) {
  const TemporaryFolder folder;
  for (const char* name : {"libcublas.so.12", "libcublas.so.13"}) {
    write_file(folder / name, "");
  }
  const Assignments environment{"LD_LIBRARY_PATH=" + folder.path().string()};
  expect_device_error(environment, {"CUDA's libraries cannot be loaded (", "libcublas.so.1",
                                    "LD_LIBRARY_PATH", "; or use --device cpu"});
  expect_cpu(environment, "CUDA's libraries cannot be loaded (");
}

TEST_F(CudaObstacleTest, ADamagedPartOfTheProgram) {
  const TemporaryFolder folder;
  write_file(folder / "libqmnist_cuda.so", "");
  const Assignments environment{"LD_LIBRARY_PATH=" + folder.path().string()};
  expect_device_error(environment, {"a part of this program cannot be loaded (", "too short",
                                    "build or install it again"});
}

TEST(CudaLibraryTest, IsNotLinkedWithTheProgram) {
  const ProgramResult result = run_program({"ldd", QMNIST_PROGRAM});
  expect_success(result);
  for (const char* name : {"libcublas", "libcuda", "libqmnist_cuda"}) {
    EXPECT_EQ(result.output.find(name), std::string::npos) << result.output;
  }
}

TEST_F(CudaObstacleTest, ADriverThatIsTooOld) {
  const Assignments environment{"cudaGetDeviceCount=35", "cudaDriverGetVersion=11040"};
  expect_device_error(environment, {"supports CUDA up to 11.4, but this program uses CUDA 1",
                                    "update the driver", "cudaErrorInsufficientDriver"});
}

TEST_F(CudaObstacleTest, HiddenDevices) {
  expect_device_error(
      {"cudaGetDeviceCount=100", "cudaDriverGetVersion=13000", "CUDA_VISIBLE_DEVICES=7"},
      {"no GPU is visible: CUDA_VISIBLE_DEVICES is \"7\"", "cudaErrorNoDevice"});
}

TEST_F(CudaObstacleTest, ASystemThatIsNotReady) {
  const Assignments environment{"cudaGetDeviceCount=802", "cudaDriverGetVersion=13000"};
  expect_device_error(environment, {"nvidia-fabricmanager", "cudaErrorSystemNotReady"});
  expect_cpu(environment, "nvidia-fabricmanager");
}

TEST_F(CudaObstacleTest, AnErrorWithoutAKnownCause) {
  expect_device_error({"cudaGetDeviceCount=999", "cudaDriverGetVersion=13000"},
                      {"no GPU works here", "cudaErrorUnknown"});
}

TEST_F(CudaDeviceObstacleTest, ExclusiveMode) {
  expect_device_error({"cudaSetDevice=46"}, {"exclusive mode", "cudaErrorDevicesUnavailable"});
}

TEST_F(CudaDeviceObstacleTest, NoKernelImage) {
  const Assignments environment{"cudaFuncGetAttributes=209"};
  expect_device_error(environment, {"GPU 0 (", "has compute capability ", "was built for ",
                                    "-DCMAKE_CUDA_ARCHITECTURES=", "no kernel image"});
  expect_cpu(environment, "has compute capability ");
}

}  // namespace
}  // namespace qmnist::test
