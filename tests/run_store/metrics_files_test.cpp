#include "host/run_store/metrics_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "host/error.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

constexpr EpochMetrics kFirst{.epoch = 1,
                              .loss = 0.3394,
                              .accuracy = 0.9002,
                              .seconds = 1.5,
                              .learning_rate = 1e-3,
                              .validation = {}};
constexpr EpochMetrics kSecond{.epoch = 2,
                               .loss = 1.0 / 3,
                               .accuracy = 0.95,
                               .seconds = 1.25,
                               .learning_rate = 5e-4,
                               .validation = {}};
constexpr const char* kHeader = "epoch,loss,accuracy,seconds,learning_rate\n";
constexpr const char* kFirstLine =
    R"({"epoch":1,"loss":0.3394,"accuracy":0.9002,"seconds":1.5,"learning_rate":0.001})"
    "\n";
constexpr const char* kFirstRow = "1,0.3394,0.9002,1.5,0.001\n";

class MetricsFilesTest : public testing::Test {
 protected:
  [[nodiscard]] std::string lines() const {
    return test::read_file(folder_.file(run_file::kMetrics));
  }
  [[nodiscard]] std::string table() const {
    return test::read_file(folder_.file(run_file::kMetricsTable));
  }

  test::TemporaryFolder parent_;
  RunFolder folder_{parent_ / "run"};
};

TEST_F(MetricsFilesTest, StartWithoutAnEpoch) {
  const MetricsFiles files(folder_, {}, false);
  EXPECT_EQ(lines(), "");
  EXPECT_EQ(table(), kHeader);
}

TEST_F(MetricsFilesTest, HaveALineForEachEpoch) {
  MetricsFiles files(folder_, {}, false);
  files.append(kFirst);
  EXPECT_EQ(lines(), kFirstLine);
  EXPECT_EQ(table(), std::string(kHeader) + kFirstRow);
  files.append(kSecond);
  const std::string both = lines();
  ASSERT_TRUE(both.starts_with(kFirstLine));
  EXPECT_EQ(Json::parse(both.substr(std::string_view(kFirstLine).size())),
            (Json{{"epoch", 2},
                  {"loss", 1.0 / 3},
                  {"accuracy", 0.95},
                  {"seconds", 1.25},
                  {"learning_rate", 5e-4}}));
  files.sync();
  EXPECT_EQ(lines(), both);
}

TEST_F(MetricsFilesTest, HaveTheMetricsOfValidation) {
  MetricsFiles files(folder_, {}, true);
  EpochMetrics metrics = kFirst;
  metrics.validation = {.loss = 0.2, .accuracy = 0.96};
  files.append(metrics);
  EXPECT_EQ(Json::parse(lines()).at("val_accuracy"), 0.96);
  EXPECT_EQ(table(),
            "epoch,loss,accuracy,seconds,learning_rate,val_loss,val_accuracy\n"
            "1,0.3394,0.9002,1.5,0.001,0.2,0.96\n");
}

TEST_F(MetricsFilesTest, AppendToTheSameFile) {
  MetricsFiles files(folder_, {}, false);
  std::ifstream follower(folder_.file(run_file::kMetrics));  // as tail -f
  for (const EpochMetrics& metrics : {kFirst, kSecond}) {
    files.append(metrics);
    std::string line;
    ASSERT_TRUE(std::getline(follower, line));
    EXPECT_EQ(Json::parse(line).at("epoch"), metrics.epoch);
  }
}

TEST_F(MetricsFilesTest, AreMadeToAgreeWithTheHistory) {
  const std::vector<EpochMetrics> history{kFirst};
  for (const char* left :
       {"", R"({"epoch":1,"lo)", "a line of epoch 1\na line of epoch 2\nhalf of ep"}) {
    test::write_file(folder_.file(run_file::kMetrics), left);
    test::write_file(folder_.file(run_file::kMetricsTable), left);
    MetricsFiles files(folder_, history, false);
    EXPECT_EQ(lines(), kFirstLine) << left;
    EXPECT_EQ(table(), std::string(kHeader) + kFirstRow) << left;
    files.append(kSecond);
    EXPECT_TRUE(table().starts_with(std::string(kHeader) + kFirstRow + "2,")) << left;
  }
}

TEST_F(MetricsFilesTest, NameTheFileThatCannotBeWritten) {
  std::filesystem::create_directory(folder_.file("metrics.csv.tmp"));
  try {
    const MetricsFiles files(folder_, {}, false);
    ADD_FAILURE() << "there was no UsageError";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("metrics.csv: cannot be written"), std::string::npos);
  }
}

}  // namespace
}  // namespace qmnist
