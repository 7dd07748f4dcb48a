#include "tests/kernels/launcher.h"  // before any kernel

#include <algorithm>
#include <span>

#include "kernels/gather.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

class GatherKernelTest : public test::KernelTest {};
INSTANTIATE_TEST_SUITE_P(Kernels, GatherKernelTest, test::ways(), test::name_of);

TEST_P(GatherKernelTest, CopiesTheImagesOfTheIndices) {
  constexpr std::size_t kRows = 37;
  constexpr std::uint8_t kMark = 231;
  for (const std::size_t features : test::Sizes{1, 15, 16, 33, 784, 1040}) {
    for (const std::size_t count : test::Sizes{1, 5, 64, 65}) {
      const auto data = test::bytes(kRows * features, 1, 230);
      std::vector<std::uint32_t> indices;
      for (const std::uint8_t index : test::bytes(count, 2, kRows)) {
        indices.push_back(index);
      }
      test::Array device_data(data);
      test::Array device_indices(indices);
      test::Array images(std::vector<std::uint8_t>(count * features + 3, kMark));
      run([&](cudaStream_t stream) {
        return launch_gather(stream, device_data.data(), device_indices.data(), images.data(),
                             count, features);
      });
      const auto values = images.values();
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_TRUE(std::ranges::equal(std::span(values).subspan(i * features, features),
                                       std::span(data).subspan(indices[i] * features, features)))
            << i << " of " << count << ", " << features << " features";
      }
      EXPECT_TRUE(std::ranges::all_of(std::span(values).last(3),
                                      [](std::uint8_t value) { return value == kMark; }));
    }
  }
}

}  // namespace
}  // namespace qmnist
