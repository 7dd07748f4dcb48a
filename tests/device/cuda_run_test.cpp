#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "tests/support/gpu.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

constexpr std::chrono::seconds kLimit{60};
constexpr int kInterrupted = 130;

/// Runs of the whole program on a GPU; skipped where none works.
class CudaRunTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string obstacle = gpu_obstacle(); !obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
  }
  static Json on_gpu(Json changes = Json::object()) {
    changes["device"] = "cuda";
    return changes;
  }
};

TEST_F(CudaRunTest, SameSeedGivesTheSameBits) {
  const SmallRun run(on_gpu());
  const SmallRun elsewhere(on_gpu());
  expect_success(run.train());
  expect_success(elsewhere.train());
  expect_same_result(run.output(), elsewhere.output());
  EXPECT_TRUE(read_file(run.file("checkpoint.safetensors")) ==
              read_file(elsewhere.file("checkpoint.safetensors")));
}

TEST_F(CudaRunTest, TakesTheGpuWhereItMayAndSaysSo) {
  const SmallRun run(on_gpu());
  const ProgramResult result = run.train({"--device", "auto"});
  expect_success(result);
  expect_contains(result.output, "device    GPU 0: ");
  expect_contains(result.output, "device auto: using the GPU, ");
  const Json config = read_json(run.file("config.json"));
  EXPECT_EQ(config.at("device"), "cuda");
  EXPECT_EQ(config.at("training").at("kernels"), "cublas");
  const std::string device = read_json(run.file("summary.json")).at("device");
  expect_contains(device, "compute capability");
}

TEST_F(CudaRunTest, InterruptedRunEndsAsIfNeverInterrupted) {
  // Long enough that a fast GPU has not ended when the signal comes.
  const Json slow{{"model", {{"hidden", {8}}}}, {"training", {{"epochs", 8}, {"batch_size", 2}}}};
  const SmallRun whole(on_gpu(slow));
  expect_success(whole.train());
  const SmallRun run(on_gpu(slow));
  for (const auto& [text, signal] :
       {std::pair{"output ", SIGINT}, std::pair{"Epoch 1/8", SIGTERM}}) {
    Program program(run.command({"--resume"}));
    ASSERT_TRUE(program.wait_for_output(text, kLimit));
    program.send_signal(signal);
    const ProgramResult result = program.finish();
    ASSERT_EQ(result.status, kInterrupted) << result.output << result.errors;
  }
  expect_success(run.train({"--resume"}));
  expect_same_result(run.output(), whole.output());
}

TEST_F(CudaRunTest, ARunCanGoOnOnTheCpu) {
  // Batches small enough that one epoch is not called at chance level.
  const SmallRun run(on_gpu(Json{{"training", {{"epochs", 1}, {"batch_size", 8}}}}));
  expect_success(run.train());
  expect_success(run.train({"--resume", "--device", "cpu", "--set", "training.epochs=2"}));
  EXPECT_EQ(read_json_lines(run.file("metrics.jsonl")).size(), 2U);
  for (const char* name : {"model.safetensors", "checkpoint.safetensors"}) {
    EXPECT_EQ(read_tensors(run.file(name)).metadata.at("arithmetic"), "1-cublas");
  }
}

TEST_F(CudaRunTest, RefusesADeviceThatIsNotThere) {
  const SmallRun run(on_gpu());
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--set", "device_index=1000"}, {"--device", "cuda:1000"}}) {
    expect_error(run.train(arguments), 4, {"device_index is 1000, but the GPUs here are 0 ("});
  }
}

}  // namespace
}  // namespace qmnist::test
