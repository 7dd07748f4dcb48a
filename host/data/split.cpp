#include "host/data/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "host/data/shuffle.h"
#include "host/error.h"

namespace qmnist {
namespace {

using Indices = std::vector<std::uint32_t>;

/// As numpy.random.RandomState(seed).shuffle does.
void permute(Indices& indices, std::uint32_t seed) {
  std::mt19937 generator(seed);  // seeded as init_genrand does, like RandomState(int)
  numpy_shuffle(indices, generator);
}

/// How many of `count` images remain to train on.
std::size_t training_count(std::size_t count, double validation_fraction) {
  // In doubles, as Keras computes it.
  return static_cast<std::size_t>(
      std::floor(static_cast<double>(count) * (1 - validation_fraction)));
}

/// The images of all parts of that kind, in their order.
Indices images_of(const Dataset& dataset, DataPart::Kind kind) {
  Indices images;
  std::size_t first = 0;
  for (const DataPart& part : dataset.parts) {
    if (part.kind == kind) {
      const std::size_t before = images.size();
      images.resize(before + part.count);
      std::iota(images.begin() + static_cast<std::ptrdiff_t>(before), images.end(),
                static_cast<std::uint32_t>(first));
    }
    first += part.count;
  }
  return images;
}

}  // namespace

Split split_dataset(const DataSettings& settings, const Dataset& dataset) {
  if (settings.split == SplitRule::kOfficial) {
    return official_split(dataset, settings.split_seed, settings.validation_fraction);
  }
  return notebook_split(dataset.count(), settings.test_fraction, settings.split_seed,
                        settings.validation_fraction);
}

Split notebook_split(std::size_t count, double test_fraction, std::uint32_t seed,
                     double validation_fraction) {
  // In doubles, as scikit-learn computes it: 0.07 * 100 is above 7, so 8 images.
  const auto test_count =
      static_cast<std::size_t>(std::ceil(test_fraction * static_cast<double>(count)));
  const std::size_t rest = count - std::min(count, test_count);
  const std::size_t train_count = training_count(rest, validation_fraction);
  if (test_count >= count || train_count == 0) {
    throw UsageError(
        "data.test_fraction {} and data.validation_fraction {} leave none of {} "
        "images to train on; make them smaller",
        test_fraction, validation_fraction, count);
  }

  Indices permutation(count);
  std::iota(permutation.begin(), permutation.end(), 0U);
  permute(permutation, seed);

  const auto part = [&](std::size_t first, std::size_t size) {
    const auto begin = permutation.begin() + static_cast<std::ptrdiff_t>(first);
    return Indices(begin, begin + static_cast<std::ptrdiff_t>(size));
  };
  return {.train = part(test_count, train_count),
          .validation = part(test_count + train_count, rest - train_count),
          .test = part(0, test_count)};
}

Split official_split(const Dataset& dataset, std::uint32_t seed, double validation_fraction) {
  Indices train = images_of(dataset, DataPart::Kind::kTraining);
  Indices test = images_of(dataset, DataPart::Kind::kTest);
  if (train.empty() || test.empty()) {
    throw UsageError(
        "data.split is \"official\", but {} does not come in training and test files; set "
        "data.split to \"notebook\"",
        dataset.name);
  }
  const std::size_t train_count = training_count(train.size(), validation_fraction);
  if (train_count == 0) {
    throw UsageError(
        "data.validation_fraction {} leaves none of {} training images to train on; make it "
        "smaller",
        validation_fraction, train.size());
  }
  if (validation_fraction > 0) {
    permute(train, seed);
  }
  const auto end = train.begin() + static_cast<std::ptrdiff_t>(train_count);
  Indices validation(end, train.end());
  train.resize(train_count);
  return {.train = std::move(train), .validation = std::move(validation), .test = std::move(test)};
}

}  // namespace qmnist
