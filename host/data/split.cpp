#include "host/data/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/data/shuffle.h"
#include "host/error.h"

namespace qmnist {

Split split_dataset(std::size_t count, double test_fraction, std::uint32_t seed,
                    double validation_fraction) {
  // In doubles, as scikit-learn and Keras compute them: 0.07 * 100 is above 7, so 8 images.
  const auto test_count =
      static_cast<std::size_t>(std::ceil(test_fraction * static_cast<double>(count)));
  const std::size_t rest = count - std::min(count, test_count);
  const auto train_count =
      static_cast<std::size_t>(std::floor(static_cast<double>(rest) * (1 - validation_fraction)));
  if (test_count >= count || train_count == 0) {
    throw UsageError(
        "data.test_fraction {} and data.validation_fraction {} leave none of {} "
        "images to train on; make them smaller",
        test_fraction, validation_fraction, count);
  }

  std::vector<std::uint32_t> permutation(count);
  std::iota(permutation.begin(), permutation.end(), 0U);
  std::mt19937 generator(seed);  // seeded as init_genrand does, like RandomState(int)
  numpy_shuffle(permutation, generator);

  const auto part = [&](std::size_t first, std::size_t size) {
    const auto begin = permutation.begin() + static_cast<std::ptrdiff_t>(first);
    return std::vector<std::uint32_t>(begin, begin + static_cast<std::ptrdiff_t>(size));
  };
  return {.train = part(test_count, train_count),
          .validation = part(test_count + train_count, rest - train_count),
          .test = part(0, test_count)};
}

}  // namespace qmnist
