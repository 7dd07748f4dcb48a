#include "host/model/model.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "host/error.h"
#include "host/model/safetensors.h"
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

TEST_F(ModelTest, KeepsItsActivation) {
  const std::vector<std::size_t> hidden{7};
  for (const ActivationChoice& activation : kActivations) {
    const Network network(kPixels, hidden, kClasses, activation.value);
    const Safetensors content = to_content(network, initial_state(network, 1).parameters);
    EXPECT_EQ(to_model(content, "file").network.activation(), activation.value);
  }
  Safetensors content = content_of({7});
  content.metadata["activation"] = "step";
  expect_refusal(content, "its activation is \"step\"; expected relu");
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
