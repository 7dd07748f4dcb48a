#include "host/model/model.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "host/error.h"
#include "host/model/safetensors.h"
#include "tests/support/data_checks.h"
#include "tests/support/small_model.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

/// A model of these hidden layers, as a run folder holds it.
Safetensors content_of(const std::vector<std::size_t>& hidden) {
  const Model model = test::initial_model(hidden);
  Safetensors content;
  content.add_arena(model.network, model.parameters, "");
  return content;
}

class ModelTest : public testing::Test {
 protected:
  /// Expects the file with this content to be refused with its name and these words.
  void expect_refusal(const Safetensors& content, const std::string& words) {
    write_safetensors(folder_ / "model.safetensors", content);
    try {
      (void)read_model(folder_ / "model.safetensors");
      FAIL() << "expected: " << words;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("model.safetensors"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }

  test::TemporaryFolder folder_;
};

TEST_F(ModelTest, ReadsItsShapeFromTheTensors) {
  for (const std::vector<std::size_t>& hidden :
       {std::vector<std::size_t>{}, {7}, {128, 64}, {5, 4, 3, 2}}) {
    write_safetensors(folder_ / "model.safetensors", content_of(hidden));
    const Model model = read_model(model_file(folder_.path()));
    EXPECT_EQ(model.network.layers().size(), hidden.size() + 1);
    EXPECT_EQ(model.parameters, test::initial_model(hidden).parameters);
  }
}

TEST_F(ModelTest, HasAsManyLayersAsAConfigMayHave) {
  std::vector<std::size_t> hidden(kMaxHidden, 2);
  EXPECT_EQ(to_model(content_of(hidden), "file").network.layers().size(), kMaxHidden + 1);
  hidden.push_back(2);
  expect_refusal(content_of(hidden), "has 17 hidden layers; expected at most 16");
}

TEST_F(ModelTest, KeepsItsActivation) {
  const std::vector<std::size_t> hidden{7};
  for (const ActivationChoice& activation : kActivations) {
    const Network network(kPixels, hidden, kDigitCount, activation.value);
    const Safetensors content =
        to_content(network, initial_state(network, 1).parameters, numbered_classes(kDigitCount));
    EXPECT_EQ(to_model(content, "file").network.activation(), activation.value);
  }
  Safetensors content = content_of({7});
  content.metadata["activation"] = "step";
  expect_refusal(content, "its activation is \"step\"; expected relu");
}

TEST_F(ModelTest, KeepsTheNamesOfItsClasses) {
  const std::vector<std::size_t> hidden{7};
  const Network network(kPixels, hidden, 3);
  const std::vector<float> parameters = initial_state(network, 1).parameters;
  const ClassNames names{"T-shirt/top", "\"quoted\"", "お"};
  EXPECT_EQ(to_model(to_content(network, parameters, names), "file").classes, names);
  Safetensors content = to_content(network, parameters, numbered_classes(3));
  EXPECT_EQ(content.metadata.count("classes"), 0U);
  EXPECT_EQ(to_model(content, "file").classes, numbered_classes(3));
  for (const char* wrong :
       {"", "{}", R"(["a","b"])", R"(["a","b",1])", R"(["a","b",""])", R"(["a","b","\u0007"])"}) {
    content.metadata["classes"] = wrong;
    expect_refusal(content, "its metadata \"classes\" are not the names of 3 classes");
  }
}

TEST_F(ModelTest, AnEnsembleHasTheSameClasses) {
  const std::vector<std::size_t> hidden{7};
  const Network network(kPixels, hidden, 2);
  const std::vector<float> parameters = initial_state(network, 1).parameters;
  const std::vector<std::filesystem::path> files{folder_ / "a.safetensors",
                                                 folder_ / "b.safetensors"};
  write_safetensors(files[0], to_content(network, parameters, numbered_classes(2)));
  write_safetensors(files[1], to_content(network, parameters, ClassNames{"cat", "dog"}));
  EXPECT_EQ(
      test::data_error_of([&] { (void)read_models(files); }),
      fmt::format("{}: its classes are 2 (cat, dog), those of {} are 2 (0 to 1); the models of "
                  "an ensemble must have the same",
                  files[1].string(), files[0].string()));
}

TEST_F(ModelTest, ReadsThoseOfEveryArithmetic) {
  Safetensors content = content_of({7});
  content.metadata["arithmetic"] = "1000";
  EXPECT_EQ(to_model(content, "file").parameters, test::initial_model({7}).parameters);
}

TEST_F(ModelTest, NamesWhatIsNoModel) {
  expect_refusal({}, "is not a classifier");

  Safetensors content = content_of({7});
  content.tensors.erase("2.weight");
  expect_refusal(content, "is not a classifier");

  content = content_of({7});
  content.tensors["more"] = {{1}, {0}};
  expect_refusal(content, "is not a classifier");

  content = content_of({7});
  content.tensors["0.weight"] = {{7}, std::vector<float>(7)};
  expect_refusal(content, "0.weight has sizes 7;");

  content = content_of({7});
  content.tensors["0.weight"] = {{7, 3}, std::vector<float>(21)};
  expect_refusal(content, "expected a tensor 0.weight of 7 x 784");

  content = content_of({7});
  content.tensors["0.weight"] = {{0, 784}, {}};
  expect_refusal(content, "0.weight has sizes");
}

TEST_F(ModelTest, RefusesValuesThatAreNotFinite) {
  using Limits = std::numeric_limits<float>;
  for (const float value : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
    Safetensors content = content_of({7});
    content.tensors["2.bias"].values.back() = value;
    expect_refusal(content, "2.bias holds a value");
  }
}

TEST_F(ModelTest, AllocatesNoMoreThanTheFileHolds) {
  // Sizes of a layer of terabytes, without a byte of data.
  constexpr std::size_t kHuge = 1 << 20;
  expect_refusal({.metadata = {},
                  .tensors = {{"0.weight", {{kHuge, 0}, {}}},
                              {"0.bias", {{0}, {}}},
                              {"2.weight", {{kHuge, 0}, {}}},
                              {"2.bias", {{0}, {}}},
                              {"4.weight", {{10, 0}, {}}},
                              {"4.bias", {{0}, {}}}}},
                 "expected a tensor 0.weight of 1048576 x 784");
}

TEST_F(ModelTest, AFolderWithoutAModelIsNoRun) {
  try {
    (void)model_file(folder_.path());
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("no model.safetensors"), std::string::npos);
  }
}

}  // namespace
}  // namespace qmnist
