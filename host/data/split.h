#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/data/dataset.h"

namespace qmnist {

/// Places in a data set, in the order in which they are used.
struct Split {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> validation;
  std::vector<std::uint32_t> test;
};

/// Splits a data set as data.split says.
/// @throws UsageError where no image would be left to train on, or where the official split is
///   asked for and the data set has none.
[[nodiscard]] Split split_dataset(const DataSettings& settings, const Dataset& dataset);

/// Splits `count` images exactly as scikit-learn's
/// train_test_split(test_size=test_fraction, random_state=seed) does: one permutation, its first
/// ceil(test_fraction * count) entries are the test set, the next ones the training set. The last
/// part of the training set, as Keras's validation_split takes it, becomes the validation set.
///
/// Source: sklearn/model_selection/_split.py (ShuffleSplit, _validate_shuffle_split).
/// @throws UsageError where no image would be left to train on.
[[nodiscard]] Split notebook_split(std::size_t count, double test_fraction, std::uint32_t seed,
                                   double validation_fraction);

/// Takes the images of test files as test set and those of training files as training set, both in
/// the order of the files. Where some are held out for validation, the training images are permuted
/// by `seed` first, because files may be sorted by class; the last ones become the validation set.
/// @throws UsageError where there are no training or no test files, or where no image would be left
///   to train on.
[[nodiscard]] Split official_split(const Dataset& dataset, std::uint32_t seed,
                                   double validation_fraction);

}  // namespace qmnist
