#include "host/engines/cuda/chunk.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tests/support/small_data.h"

namespace qmnist::cuda {
namespace {

using test::SmallData;

template <typename T>
std::vector<T> values_at(const std::vector<std::byte>& bytes, std::size_t place,
                         std::size_t count) {
  std::vector<T> values(count);
  std::memcpy(values.data(), bytes.data() + place, count * sizeof(T));
  return values;
}

TEST(ChunkTest, IsWholeBatchesAtLeastOne) {
  EXPECT_EQ(samples_of_chunk(1), 64U);
  EXPECT_EQ(samples_of_chunk(32), 2048U);
  EXPECT_EQ(samples_of_chunk(48), 2016U);
  EXPECT_EQ(samples_of_chunk(3000), 3000U);
  EXPECT_EQ(max_chunk_samples(1), 2048U);
}

TEST(ChunkTest, HoldsWhatTheStepsNeed) {
  constexpr std::size_t kFeatures = 7;
  const SmallData data(20, kFeatures, 10);
  const std::vector<std::uint32_t> indices{3, 19, 3};
  const std::vector<StepParams> steps{{.clip_norm = 0.25F}, {.clip_norm = 0.5F}};
  std::vector<Distortion> distortions(3);
  distortions[2].origin.x = 77;
  const std::vector<float> soft_labels{0.5F, 0.5F, 0.25F, 0.75F, 0.125F, 0.875F};
  for (const bool by_index : {false, true}) {
    const ChunkLayout layout({kFeatures, 2, true}, 3);
    std::vector<std::byte> bytes(layout.bytes());
    const std::size_t written = layout.write(bytes.data(), data.view(),
                                             {indices, steps, distortions, soft_labels}, by_index);
    EXPECT_EQ(values_at<StepParams>(bytes, 0, 2)[1].clip_norm, 0.5F);
    EXPECT_EQ(values_at<Distortion>(bytes, layout.distortions_at(), 3)[2].origin.x, 77);
    EXPECT_EQ(values_at<float>(bytes, layout.soft_labels_at(), 6), soft_labels);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      EXPECT_EQ(bytes[layout.labels_at() + i], std::byte{data.view().labels[indices[i]]});
    }
    if (by_index) {
      EXPECT_EQ(values_at<std::uint32_t>(bytes, layout.images_at(), 3), indices);
      EXPECT_EQ(written, layout.images_at() + 3 * sizeof(std::uint32_t));
      continue;
    }
    EXPECT_EQ(written, layout.images_at() + 3 * kFeatures);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const auto image = data.view().image(indices[i]);
      EXPECT_EQ(values_at<std::uint8_t>(bytes, layout.images_at() + i * kFeatures, kFeatures),
                std::vector<std::uint8_t>(image.begin(), image.end()));
    }
  }
}

/// A chunk without distortions and soft labels needs no room for them; one of indices needs four
/// bytes an image.
TEST(ChunkTest, TakesNoMoreThanTheLargestChunk) {
  const ChunkLayout plain({784, 0, false}, 2048);
  EXPECT_EQ(plain.images_at(), plain.soft_labels_at());
  EXPECT_EQ(plain.bytes(), plain.images_at() + std::size_t{2048} * 784);
  const ChunkLayout narrow({1, 0, false}, 256);
  EXPECT_EQ(narrow.bytes(), narrow.images_at() + 256 * sizeof(std::uint32_t));
}

}  // namespace
}  // namespace qmnist::cuda
