#include "host/config/config.h"

#include <gtest/gtest.h>

#include "host/config/config_keys.h"
#include "host/error.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

Config load(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const test::TemporaryFolder folder;
  test::write_file(folder / "run.json", text);
  return load_config(folder / "run.json", overrides);
}

/// The message of the error that loading ends in.
std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  try {
    (void)load(text, overrides);
  } catch (const UsageError& error) {
    EXPECT_EQ(error.status(), ExitStatus::kUsage);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error from " << text;
  return "";
}

void expect_parts(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << "\"" << part << "\" in: " << message;
  }
}

TEST(ConfigTest, EmptyConfigIsTheBaseline) {
  const Config baseline = load_config(test::source_dir() / "configs/baseline.json", {});
  const Config empty = load("{}");
  for (const ConfigKey& key : config_keys()) {
    if (!std::holds_alternative<constraint::Path>(key.constraint)) {
      EXPECT_EQ(value_of(config_json(baseline), key.name), value_of(config_json(empty), key.name))
          << key.name;
    }
  }
}

TEST(ConfigTest, BaselineIsTheNotebook) {
  const Config config = load_config(test::source_dir() / "configs/baseline.json", {});
  EXPECT_EQ(config.data.test_fraction, 0.2);
  EXPECT_EQ(config.data.split_seed, 42U);
  EXPECT_EQ(config.model.hidden, (std::vector<std::size_t>{128, 64}));
  EXPECT_EQ(config.optimizer.learning_rate, 1e-3);
  EXPECT_EQ(config.optimizer.epsilon, 1e-7);
  EXPECT_EQ(config.training.epochs, 10U);
  EXPECT_EQ(config.training.batch_size, 32U);
  EXPECT_TRUE(config.training.shuffle);
  EXPECT_EQ(config.data.dir, test::source_dir() / "data");
  EXPECT_EQ(config.output.dir, test::source_dir() / "runs/baseline");
}

TEST(ConfigTest, EveryShippedConfigLoads) {
  for (const auto& entry : fs::directory_iterator(test::source_dir() / "configs")) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".json") && name != "schema.json" && name != "sweep.json") {
      EXPECT_NO_THROW((void)load_config(entry.path(), {})) << name;
    }
  }
}

TEST(ConfigTest, ResolvedValuesLoadToTheSame) {
  const Config config = load(R"({"model": {"hidden": []}, "training": {"seed": 9}})");
  EXPECT_EQ(config_json(load(config_json(config).dump())), config_json(config));
}

TEST(ConfigTest, ScheduleMustGoTogether) {
  expect_parts(error_of(R"({"schedule": {"name": "one_cycle", "warmup_epochs": 0.5}})"),
               {"schedule.warmup_epochs is 0.5", "one_cycle"});
  expect_parts(error_of(R"({"schedule": {"name": "cosine"}})", {"schedule.warmup_epochs=10"}),
               {"schedule.warmup_epochs is 10", "training.epochs 10", "less"});
  const Config config = load(R"({"schedule": {"name": "cosine", "warmup_epochs": 9.5}})");
  EXPECT_EQ(config.schedule.name, ScheduleName::kCosine);
  EXPECT_EQ(config.schedule.warmup_epochs, 9.5);
  EXPECT_NO_THROW((void)load(R"({"schedule": {"warmup_epochs": 20}})"));
}

TEST(ConfigTest, FixedOrderGoesWithFp32Only) {
  expect_parts(
      error_of(R"({"training": {"kernels": "fixed_order", "math": "tf32"}})"),
      {"training.kernels is \"fixed_order\"", "training.math \"tf32\"", "\"fp32\"", "\"cublas\""});
  EXPECT_EQ(load(R"({"training": {"math": "bf16"}})").training.kernels, Kernels::kAuto);
  for (const char* other : {R"("kernels": "cublas")", R"("math": "tf32")"}) {
    expect_parts(error_of(fmt::format(R"({{"training": {{"slices": 4, {}}}}})", other)),
                 {"training.slices is 4", "\"fixed_order\"", "\"fp32\"", "training.slices to 1"});
  }
}

TEST(ConfigTest, PathsStartAtTheFileOrTheWorkingFolder) {
  const test::TemporaryFolder folder;
  test::write_file(folder / "configs/run.json", R"({"data": {"dir": "../digits"}})");
  const std::vector<std::string> overrides{"output.dir=out"};
  const Config config = load_config(folder / "configs/run.json", overrides);
  EXPECT_EQ(config.data.dir, folder / "digits");
  EXPECT_EQ(config.output.dir, fs::current_path() / "out");
}

TEST(ConfigTest, OverridesWinInTheirOrder) {
  const Config config = load(R"({"training": {"epochs": 3}})",
                             {"training.epochs=4", "training.epochs=5", "model.hidden=[7]",
                              "device=cpu", "output.dir=12", "training.shuffle=false"});
  EXPECT_EQ(config.training.epochs, 5U);
  EXPECT_EQ(config.model.hidden, std::vector<std::size_t>{7});
  EXPECT_EQ(config.device, "cpu");
  EXPECT_EQ(config.output.dir.filename(), "12");
  EXPECT_FALSE(config.training.shuffle);
}

TEST(ConfigTest, NamesOfDataFilesStayAsTheyAre) {
  const Config config = load(R"({"data": {"images": "mine/pictures", "test_labels": ""}})",
                             {"data.labels=12", "data.test_images=../\"more\""});
  EXPECT_EQ(config.data.images, "mine/pictures");
  EXPECT_EQ(config.data.labels, "12");
  EXPECT_EQ(config.data.test_images, "../\"more\"");
  EXPECT_EQ(config.data.test_labels, "");
  const Json written = config_json(config).at("data");
  EXPECT_EQ(written.at("images"), "mine/pictures");
  EXPECT_EQ(written.at("test_labels"), "");
  expect_parts(error_of(R"({"data": {"images": 3}})"), {"data.images is 3", "text in quotes"});
}

TEST(ConfigTest, UnknownKeyNamesTheNearest) {
  expect_parts(error_of(R"({"training": {"epoch": 3}})"),
               {"run.json", "\"training.epoch\"", "\"training.epochs\""});
  expect_parts(error_of(R"({"optimizer": {"lerning_rate": 3}})"), {"optimizer.learning_rate"});
  expect_parts(error_of(R"({"batch_size": 3})"), {"\"training.batch_size\""});
  expect_parts(error_of(R"({"seed": 3})"), {"\"training.seed\""});
  expect_parts(error_of(R"({"optimiser": {}})"), {"\"optimizer.name\""});
  expect_parts(error_of(R"({"traning": {}})"), {"\"training.epochs\""});
  expect_parts(error_of(R"({"data": {"$schema": ""}})"), {"\"data.$schema\""});
  expect_parts(error_of("{}", {"model.hiden=[3]"}), {"--set model.hiden=[3]", "\"model.hidden\""});
}

TEST(ConfigTest, WrongTypeOrRangeNamesKeyValueAndExpectation) {
  expect_parts(error_of(R"({"training": {"epochs": "3"}})"),
               {"training.epochs is \"3\"", "an integer from 1 to"});
  expect_parts(error_of(R"({"training": {"epochs": 0}})"), {"training.epochs is 0"});
  expect_parts(error_of(R"({"training": {"epochs": 2.5}})"), {"2.5"});
  expect_parts(error_of(R"({"training": {"seed": -1}})"), {"training.seed is -1"});
  expect_parts(error_of(R"({"training": {"seed": 18446744073709551615}})"), {"training.seed"});
  expect_parts(error_of(R"({"data": {"test_fraction": 1.0}})"), {"> 0 and < 1"});
  expect_parts(error_of(R"({"optimizer": {"beta1": 1}})"),
               {"optimizer.beta1 is 1", ">= 0 and < 1"});
  expect_parts(error_of(R"({"model": {"hidden": [64, 0]}})"), {"[64,0]", "integers from 1"});
  expect_parts(error_of(R"({"model": {"hidden": 64}})"), {"a list of"});
  expect_parts(error_of(R"({"model": 5})"), {"model is 5", "an object"});
  expect_parts(error_of(R"({"device": "gpu"})"), {"\"gpu\"", "\"cuda\""});
  expect_parts(error_of(R"({"output": {"dir": ""}})"), {"output.dir", "a path"});
  expect_parts(error_of(R"({"training": {"shuffle": 1}})"), {"true or false"});
}

TEST(ConfigTest, BadJsonNamesLineAndColumn) {
  expect_parts(error_of("{\n  \"training\": {\n    \"epochs\": 3,,\n  }\n}"),
               {"run.json", "line 3", "column"});
  expect_parts(error_of(""), {"line 1"});
  expect_parts(error_of("[1]"), {"array", "must be an object"});
  expect_parts(error_of(R"({"data": {"test_fraction": 1e999}})"), {"run.json", "1e999"});
  expect_parts(error_of("{\"model\": \"\xff\"}"), {"run.json"});
}

TEST(ConfigTest, RepeatedKeyIsAnError) {
  expect_parts(error_of(R"({"training": {"seed": 1, "seed": 2}})"), {"duplicate", "\"seed\""});
}

TEST(ConfigTest, MissingFileIsNamed) {
  try {
    (void)load_config("no/such.json", {});
    FAIL();
  } catch (const UsageError& error) {
    expect_parts(error.what(), {"no/such.json", "cannot be read"});
  }
  EXPECT_THROW((void)load_config(fs::temp_directory_path(), {}), UsageError);
}

TEST(ConfigTest, OverrideWithoutValueIsAnError) {
  expect_parts(error_of("{}", {"training.epochs"}), {"--set training.epochs", "'='"});
  expect_parts(error_of("{}", {"training.epochs="}), {"training.epochs is \"\""});
}

TEST(ConfigTest, PathsThatJsonCannotHoldAreRefused) {
  for (const char* key : {"output.dir", "data.dir"}) {
    expect_parts(error_of("{}", {std::string(key) + "=/tmp/run\xFF"}),
                 {key, "UTF-8", "config.json"});
  }
}

}  // namespace
}  // namespace qmnist
