#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qmnist {

/// Places in a data set, in the order in which they are used.
struct Split {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> validation;
  std::vector<std::uint32_t> test;
};

/// Splits `count` images exactly as scikit-learn's
/// train_test_split(test_size=test_fraction, random_state=seed) does: one permutation, its first
/// ceil(test_fraction * count) entries are the test set, the next ones the training set. The last
/// part of the training set, as Keras's validation_split takes it, becomes the validation set.
///
/// Source: sklearn/model_selection/_split.py (ShuffleSplit, _validate_shuffle_split).
/// @throws UsageError where no image would be left to train on.
[[nodiscard]] Split split_dataset(std::size_t count, double test_fraction, std::uint32_t seed,
                                  double validation_fraction);

}  // namespace qmnist
