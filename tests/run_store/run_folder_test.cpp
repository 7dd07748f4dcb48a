#include "host/run_store/run_folder.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "host/error.h"
#include "host/model/safetensors.h"
#include "tests/support/digit_classes.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

constexpr std::array kRunFiles{
    run_file::kConfig,     run_file::kMetrics,        run_file::kMetricsTable,
    run_file::kSummary,    run_file::kPredictions,    run_file::kModel,
    run_file::kReport,     run_file::kConfusionChart, run_file::kCurvesChart,
    run_file::kCheckpoint, run_file::kDrawPage};

/// The message of the UsageError that taking this folder ends in.
std::string folder_error(const fs::path& path) {
  try {
    const RunFolder folder(path);
  } catch (const UsageError& error) {
    EXPECT_EQ(error.status(), ExitStatus::kUsage);
    return error.what();
  }
  ADD_FAILURE() << "there was no UsageError";
  return "";
}

class RunFolderTest : public testing::Test {
 protected:
  [[nodiscard]] fs::path path() const { return parent_ / "runs/today/first"; }

  test::TemporaryFolder parent_;
};

TEST_F(RunFolderTest, MakesNestedFolders) {
  const RunFolder folder(path());
  EXPECT_TRUE(fs::is_directory(path()));
  EXPECT_TRUE(fs::is_empty(path()));
  EXPECT_EQ(folder.path(), path());
  EXPECT_EQ(folder.file("x.json"), path() / "x.json");
}

TEST_F(RunFolderTest, HasOneOwnerAtATime) {
  auto first = std::make_unique<RunFolder>(path());
  const RunFolder neighbour(parent_ / "runs/today/second");
  const std::string message = folder_error(path());
  EXPECT_TRUE(message.starts_with(path().string() + ": another run is writing")) << message;
  first.reset();
  const RunFolder second(path());
  EXPECT_NE(folder_error(path()), "");
}

TEST_F(RunFolderTest, ALockedFoldersHalfWrittenFilesStay) {
  const RunFolder first(path());
  test::write_file(path() / "config.json.tmp", "being written");
  EXPECT_NE(folder_error(path()), "");
  EXPECT_EQ(test::read_file(path() / "config.json.tmp"), "being written");
}

TEST_F(RunFolderTest, ClearsWhatAKilledRunLeftAndNothingElse) {
  const std::array others{"config.json", "notes.txt", "notes.txt.tmp", "previous/config.json.tmp"};
  for (const std::string_view name : kRunFiles) {
    test::write_file(path() / (std::string(name) + ".tmp"), "half");
  }
  for (const char* name : others) {
    test::write_file(path() / name, name);
  }
  const RunFolder folder(path());
  for (const std::string_view name : kRunFiles) {
    EXPECT_FALSE(fs::exists(path() / (std::string(name) + ".tmp"))) << name;
  }
  for (const char* name : others) {
    EXPECT_EQ(test::read_file(path() / name), name);
  }
}

TEST_F(RunFolderTest, NothingToSetAside) {
  test::write_file(path() / "notes.txt", "mine");
  const RunFolder folder(path());
  EXPECT_FALSE(folder.archive_previous_run());
  EXPECT_FALSE(fs::exists(path() / run_file::kPrevious));
}

TEST_F(RunFolderTest, SetsAsideAnEarlierRunInPlaceOfTheOneBefore) {
  for (const std::string_view name : kRunFiles) {
    test::write_file(path() / name, "first");
  }
  test::write_file(path() / "notes.txt", "mine");
  const RunFolder folder(path());
  const fs::path previous = path() / run_file::kPrevious;
  EXPECT_TRUE(folder.archive_previous_run());
  for (const std::string_view name : kRunFiles) {
    EXPECT_FALSE(fs::exists(path() / name)) << name;
    EXPECT_EQ(test::read_file(previous / name), "first");
  }
  EXPECT_EQ(test::read_file(path() / "notes.txt"), "mine");

  test::write_file(path() / run_file::kConfig, "second");
  EXPECT_TRUE(folder.archive_previous_run());
  EXPECT_EQ(test::read_file(previous / run_file::kConfig), "second");
  EXPECT_FALSE(fs::exists(previous / run_file::kModel));
  EXPECT_FALSE(folder.archive_previous_run());
  EXPECT_EQ(test::read_file(previous / run_file::kConfig), "second");
}

TEST_F(RunFolderTest, AFileInTheWayThrows) {
  test::write_file(parent_ / "file", "mine");
  for (const char* name : {"file", "file/run"}) {
    const std::string message = folder_error(parent_ / name);
    EXPECT_TRUE(message.starts_with((parent_ / name).string() + ": cannot create this folder"))
        << message;
    EXPECT_NE(message.find("--set output.dir="), std::string::npos) << message;
  }
  EXPECT_EQ(test::read_file(parent_ / "file"), "mine");
}

TEST_F(RunFolderTest, AWriteThatFailsLeavesTheOldContent) {
  const RunFolder folder(path());
  folder.write_config({{"device", "cpu"}});
  const std::string before = test::read_file(path() / run_file::kConfig);
  fs::create_directory(path() / "config.json.tmp");
  try {
    folder.write_config({{"device", "cuda"}});
    ADD_FAILURE() << "there was no UsageError";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("config.json: cannot be written"), std::string::npos);
  }
  EXPECT_EQ(test::read_file(path() / run_file::kConfig), before);
}

TEST_F(RunFolderTest, WritesConfigAndSummary) {
  const RunFolder folder(path());
  const Json config{{"zeta", 1}, {"alpha", {{"learning_rate", 0.001}}}};
  const Json summary{{"test_accuracy", 0.9777}};
  folder.write_config(Json{{"an older", "config"}});
  folder.write_config(config);
  folder.write_summary(summary);
  EXPECT_EQ(Json::parse(test::read_file(path() / run_file::kConfig)).dump(), config.dump());
  EXPECT_EQ(Json::parse(test::read_file(path() / run_file::kSummary)).dump(), summary.dump());
  EXPECT_EQ(test::read_file(path() / run_file::kConfig).back(), '\n');
}

TEST_F(RunFolderTest, WritesReportAndCharts) {
  const RunFolder folder(path());
  folder.write_report("a page");
  folder.write_draw_page("another page");
  folder.write_charts("a matrix", "two curves");
  EXPECT_EQ(test::read_file(path() / "report.html"), "a page");
  EXPECT_EQ(test::read_file(path() / "draw.html"), "another page");
  EXPECT_EQ(test::read_file(path() / "confusion.png"), "a matrix");
  EXPECT_EQ(test::read_file(path() / "curves.png"), "two curves");
}

TEST_F(RunFolderTest, WritesARowPerPrediction) {
  const RunFolder folder(path());
  const std::array<Prediction, 2> predictions{{
      {.index = 69999, .label = 9, .predicted = 4, .confidence = 0.5F},
      {.index = 0, .label = 0, .predicted = 0, .confidence = 1},
  }};
  folder.write_predictions(predictions);
  EXPECT_EQ(test::read_file(path() / run_file::kPredictions),
            "index,label,prediction,confidence\n"
            "69999,9,4,0.500000\n"
            "0,0,0,1.000000\n");
}

TEST_F(RunFolderTest, WritesTheModel) {
  const RunFolder folder(path());
  constexpr std::array<std::size_t, 1> kHidden{3};
  const Network network(4, kHidden, 2);
  const TrainingState state = initial_state(network, 7);
  folder.write_model(network, state.parameters, test::kDigitNames, "2");
  const Safetensors model = read_safetensors(path() / run_file::kModel);
  EXPECT_EQ(model.metadata.at("arithmetic"), "2");
  EXPECT_EQ(model.tensors.size(), 4U);
  EXPECT_EQ(model.tensors.at("0.weight").shape, (std::vector<std::size_t>{3, 4}));
  EXPECT_EQ(model.arena(network, "", "the model"), state.parameters);
}

}  // namespace
}  // namespace qmnist
