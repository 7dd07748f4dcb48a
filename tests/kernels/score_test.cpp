#include "tests/kernels/launcher.h"  // before any kernel

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/score.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

struct Result {
  std::vector<Score> scores;
  std::vector<unsigned long long> confusion;
};

constexpr Score kNoScore = {.loss = test::kUntouched, .confidence = 0, .predicted = 255};
constexpr unsigned long long kBefore = 1'000'000'000'000;  // more than 32 bits hold

class ScoreKernelTest : public test::KernelTest {
 protected:
  /// @param spare rows behind those of the labels, which must stay as they are
  Result result_of(const std::vector<float>& probabilities, const std::vector<std::uint8_t>& labels,
                   std::size_t classes, std::size_t spare = 0) {
    test::Array device_probabilities(probabilities);
    test::Array device_labels(labels);
    test::Array scores(std::vector<Score>(labels.size() + spare, kNoScore));
    test::Array confusion(std::vector<unsigned long long>(classes * classes, kBefore));
    run([&](cudaStream_t stream) {
      return launch_score(stream, device_probabilities.data(), device_labels.data(), scores.data(),
                          confusion.data(), labels.size(), classes);
    });
    return {scores.values(), confusion.values()};
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, ScoreKernelTest, test::ways(), test::name_of);

/// Prediction, confidence and counts are exact; a logarithm errs by at most 1 ulp, so eps.
TEST_P(ScoreKernelTest, ScoresEachRowAndAddsItToTheConfusionMatrix) {
  for (const std::size_t rows : test::Sizes{1, 31, 33, 255, 256, 257, 600}) {
    for (const std::size_t classes : test::Sizes{1, 2, 10, 33}) {
      auto probabilities = test::fine_values(rows * classes, 1, 0, 1);
      for (float& probability : probabilities) {
        probability = std::floor(probability * 16) / 16;  // brings ties, zeros and underflows
      }
      const auto labels = test::bytes(rows, 2, classes);
      const Result result = result_of(probabilities, labels, classes, 3);

      std::vector<unsigned long long> confusion(classes * classes, kBefore);
      for (std::size_t row = 0; row < rows; ++row) {
        const auto first = probabilities.begin() + static_cast<std::ptrdiff_t>(row * classes);
        const auto last = first + static_cast<std::ptrdiff_t>(classes);
        const auto best = std::max_element(first, last);  // the first of equals
        const Score& got = result.scores[row];
        ASSERT_EQ(got.predicted, best - first) << "row " << row << " of " << rows;
        ASSERT_EQ(got.confidence, *best);
        const double loss = -std::log(
            std::max(double{first[labels[row]]}, double{std::numeric_limits<float>::min()}));
        ASSERT_NEAR(got.loss, loss, test::kEpsilon * loss);
        ++confusion[labels[row] * classes + got.predicted];
      }
      EXPECT_EQ(result.confusion, confusion) << rows << " x " << classes;
      for (std::size_t row = rows; row < result.scores.size(); ++row) {
        EXPECT_EQ(result.scores[row].loss, kNoScore.loss) << "beyond row " << rows;
        EXPECT_EQ(result.scores[row].predicted, kNoScore.predicted) << "beyond row " << rows;
      }
    }
  }
}

TEST_P(ScoreKernelTest, TakesTheFirstOfEquals) {
  const Result result = result_of({0.2F, 0.4F, 0.4F, 0.25F, 0.25F, 0.25F}, {2, 0}, 3);
  EXPECT_EQ(result.scores[0].predicted, 1);
  EXPECT_EQ(result.scores[1].predicted, 0);
}

TEST_P(ScoreKernelTest, KeepsTheLossOfAnImpossibleLabelFinite) {
  const Result result = result_of({1, 0, 1, 1e-44F}, {1, 1}, 2);
  const double loss = 126 * std::log(2.0);  // of the smallest normal float
  EXPECT_NEAR(result.scores[0].loss, loss, test::kEpsilon * loss);
  EXPECT_EQ(result.scores[1].loss, result.scores[0].loss);
}

}  // namespace
}  // namespace qmnist
