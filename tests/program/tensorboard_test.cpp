#include "host/tensorboard/run_events.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/support/decode_png.h"
#include "tests/support/small_run.h"
#include "tests/tensorboard/read_events.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// The values of a file's events by their tags; of several steps, the last one's.
std::map<std::string, tensorboard::Summary::Value> values_of(const fs::path& file) {
  std::map<std::string, tensorboard::Summary::Value> values;
  for (const tensorboard::Event& event : test::read_events(file)) {
    for (const tensorboard::Summary::Value& value : event.summary().value()) {
      values[value.tag()] = value;
    }
  }
  return values;
}

class TensorBoardTest : public testing::Test {
 protected:
  [[nodiscard]] std::vector<fs::path> files(const fs::path& folder) const {
    std::set<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (entry.path().filename().string().starts_with(run_file::kEventsStart)) {
        found.insert(entry.path());
      }
    }
    return {found.begin(), found.end()};
  }
  [[nodiscard]] std::vector<fs::path> files() const { return files(small_.output()); }

  test::SmallRun small_{{{"output", {{"tensorboard", true}}},
                         {"training", {{"epochs", 2}}},
                         {"data", {{"validation_fraction", 0.25}}}}};
};

TEST_F(TensorBoardTest, HasTheMetricsOfEachEpoch) {
  ASSERT_EQ(small_.train().status, 0);
  ASSERT_EQ(files().size(), 1U);
  std::map<std::pair<std::string, std::int64_t>, float> scalars;
  for (const tensorboard::Event& event : test::read_events(files()[0])) {
    for (const tensorboard::Summary::Value& value : event.summary().value()) {
      scalars[{value.tag(), event.step()}] = value.simple_value();
    }
  }
  const std::vector<test::Json> epochs = test::read_json_lines(small_.file("metrics.jsonl"));
  ASSERT_EQ(epochs.size(), 2U);
  for (const test::Json& epoch : epochs) {
    const auto of_epoch = [&](const char* tag) {
      return scalars.at({tag, epoch.at("epoch").get<std::int64_t>()});
    };
    EXPECT_EQ(of_epoch("loss/training"), epoch.at("loss").get<float>());
    EXPECT_EQ(of_epoch("accuracy/training"), epoch.at("accuracy").get<float>());
    EXPECT_EQ(of_epoch("loss/validation"), epoch.at("val_loss").get<float>());
    EXPECT_EQ(of_epoch("accuracy/validation"), epoch.at("val_accuracy").get<float>());
    EXPECT_EQ(of_epoch("learning_rate"), epoch.at("learning_rate").get<float>());
    EXPECT_GT(of_epoch("steps_per_second"), 0);
  }
}

TEST_F(TensorBoardTest, HasWeightsAndResult) {
  ASSERT_EQ(small_.train().status, 0);
  const auto values = values_of(files()[0]);
  const test::TensorFile model = test::read_tensors(small_.file("model.safetensors"));
  for (const auto& [name, tensor] : model.tensors) {
    const tensorboard::HistogramProto& histogram = values.at("weights/" + name).histo();
    double count = 0;
    for (const double of_bucket : histogram.bucket()) {
      count += of_bucket;
    }
    EXPECT_EQ(count, static_cast<double>(tensor.bytes.size() / sizeof(float))) << name;
    EXPECT_EQ(histogram.num(), count);
    EXPECT_EQ(histogram.bucket_size(), histogram.bucket_limit_size());
  }
  const test::Json summary = test::read_json(small_.file("summary.json"));
  EXPECT_EQ(values.at("accuracy/test").simple_value(), summary.at("test_accuracy").get<float>());
  std::size_t mistakes = 0;
  for (const auto& [tag, value] : values) {
    if (tag.starts_with("misclassified/")) {
      ++mistakes;
      EXPECT_EQ(value.metadata().plugin_data().plugin_name(), "images");
      EXPECT_NE(value.metadata().display_name().find(" read as "), std::string::npos);
      ASSERT_EQ(value.tensor().string_val_size(), 3);
      EXPECT_EQ(value.tensor().string_val(0), "112");
      EXPECT_EQ(test::decode_png(value.tensor().string_val(2)).width, 112U);
    }
  }
  EXPECT_EQ(mistakes, 20U);
  EXPECT_EQ(values.contains("confusion"), QMNIST_HAS_REPORT_PNG != 0);
}

TEST_F(TensorBoardTest, HasTheConfigForTheComparisonOfRuns) {
  ASSERT_EQ(small_.train({"--set", "optimizer.learning_rate=0.0025"}).status, 0);
  const auto values = values_of(files()[0]);
  const auto& plugin = values.at("_hparams_/session_start_info").metadata().plugin_data();
  EXPECT_EQ(plugin.plugin_name(), "hparams");
  tensorboard::HParamsPluginData data;
  ASSERT_TRUE(data.ParseFromString(plugin.content()));
  const auto& hparams = data.session_start_info().hparams();
  EXPECT_EQ(hparams.at("optimizer.learning_rate").number_value(), 0.0025);
  EXPECT_EQ(hparams.at("optimizer.name").string_value(), "adam");
  EXPECT_TRUE(hparams.at("training.shuffle").bool_value());
  EXPECT_FALSE(hparams.contains("output.dir"));
  ASSERT_TRUE(data.ParseFromString(
      values.at("_hparams_/session_end_info").metadata().plugin_data().content()));
  EXPECT_EQ(data.session_end_info().status(), tensorboard::SessionEndInfo::STATUS_SUCCESS);
}

/// TensorBoard then leaves out what the earlier file has of epochs that are trained again.
TEST_F(TensorBoardTest, AResumedRunSaysInAFileOfItsOwnWhereItGoesOn) {
  ASSERT_EQ(small_.train().status, 0);
  const fs::path first = files().at(0);
  ASSERT_EQ(small_.train({"--resume", "--set", "training.epochs=3"}).status, 0);
  ASSERT_EQ(files().size(), 2U);
  for (const fs::path& file : files()) {
    if (file != first) {
      const std::vector<tensorboard::Event> events = test::read_events(file);
      EXPECT_EQ(events.at(1).session_log().status(), tensorboard::SessionLog::START);
      EXPECT_EQ(events.at(1).step(), 3);
      EXPECT_EQ(values_of(file).at("loss/training").simple_value(),
                test::read_json_lines(small_.file("metrics.jsonl")).at(2).at("loss").get<float>());
    }
  }
}

TEST_F(TensorBoardTest, ANewRunMovesThemToThePreviousRunsFolder) {
  ASSERT_EQ(small_.train().status, 0);
  ASSERT_EQ(small_.train().status, 0);
  EXPECT_EQ(files().size(), 1U);
  EXPECT_EQ(files(small_.file("previous")).size(), 1U);
  ASSERT_EQ(small_.train({"--set", "output.tensorboard=false"}).status, 0);
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(files(small_.file("previous")).size(), 1U);
}

}  // namespace
}  // namespace qmnist
