#include "tests/kernels/launcher.h"  // before any kernel

#include "kernels/sum_slices.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

using Values = std::vector<float>;

class SumSlicesKernelTest : public test::KernelTest {
 protected:
  void compare(std::size_t share, std::size_t ranks, std::size_t slices) {
    const Values gradients = test::fine_values(slices * ranks * share, 1, -1, 1);
    Values expected(share);
    for (std::size_t i = 0; i < share; ++i) {
      for (std::size_t rank = 0; rank < ranks; ++rank) {
        for (std::size_t slice = 0; slice < slices; ++slice) {
          const float gradient = gradients[(slice * ranks + rank) * share + i];
          expected[i] = rank == 0 && slice == 0 ? gradient : expected[i] + gradient;
        }
      }
    }
    test::Array device_gradients(gradients);
    test::Array sums(Values(share, test::kUntouched));
    run([&](cudaStream_t stream) {
      return launch_sum_slices(stream, device_gradients.data(), sums.data(), share, ranks, slices);
    });
    EXPECT_EQ(sums.values(), expected)
        << share << " of each of " << ranks << " ranks with " << slices << " slices";
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, SumSlicesKernelTest, test::ways(), test::name_of);

TEST_P(SumSlicesKernelTest, AddsInTheSlicesOrder) {
  for (const std::size_t share : test::Sizes{4, 64, 1020, 1024, 5000}) {
    for (const std::size_t ranks : test::Sizes{1, 2, 5}) {
      for (const std::size_t slices : test::Sizes{1, 3}) {
        compare(share, ranks, slices);
      }
    }
  }
}

}  // namespace
}  // namespace qmnist
