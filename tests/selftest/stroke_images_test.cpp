#include "host/selftest/stroke_images.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <span>

#include "host/data/sha256.h"

namespace qmnist::selftest {
namespace {

TEST(StrokeImagesTest, AreTheSameEverywhere) {
  const StrokeImages images(100);
  Sha256 sum;
  sum.add(std::as_bytes(std::span(images.pixels)));
  sum.add(std::as_bytes(std::span(images.labels)));
  EXPECT_EQ(sum.digest().substr(0, 16), "f0dced3acd5243b3");
}

TEST(StrokeImagesTest, AFewAreTheBeginningOfMany) {
  const StrokeImages few(3);
  const StrokeImages many(5);
  EXPECT_TRUE(std::ranges::equal(few.pixels, std::span(many.pixels).first(few.pixels.size())));
  EXPECT_TRUE(std::ranges::equal(few.labels, std::span(many.labels).first(few.labels.size())));
}

TEST(StrokeImagesTest, AreSparseAsDigitsAre) {
  const StrokeImages images(1000);
  const auto zeros = std::ranges::count(images.pixels, 0);
  const double share = static_cast<double>(zeros) / static_cast<double>(images.pixels.size());
  EXPECT_GT(share, 0.7);  // MNIST: 0.81
  EXPECT_LT(share, 0.9);
  EXPECT_EQ(std::set(images.labels.begin(), images.labels.end()).size(), kDigitCount);
}

}  // namespace
}  // namespace qmnist::selftest
