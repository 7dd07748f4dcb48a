#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "host/share.h"
#include "host/world/world.h"

namespace qmnist {

/// Class probabilities of images, of which each rank predicts a part. All ranks must call it.
/// @param predict returns the probabilities of some of them, [indices, classes]
/// @return [indices.size(), classes] row-major, on every rank
[[nodiscard]] inline std::vector<float> predict_by_ranks(
    World& world, std::span<const std::uint32_t> indices, std::size_t classes,
    const std::function<std::vector<float>(std::span<const std::uint32_t>)>& predict) {
  std::vector<float> probabilities(indices.size() * classes);
  const auto images_of = [&](std::size_t rank) {
    return share(indices.size(), rank, world.size());
  };
  const Range own = images_of(world.rank());
  std::ranges::copy(predict(indices.subspan(own.begin, own.size())),
                    probabilities.begin() + static_cast<std::ptrdiff_t>(own.begin * classes));
  gather_parts(world, std::span(probabilities), [&](std::size_t rank) {
    const Range images = images_of(rank);
    return Range{images.begin * classes, images.end * classes};
  });
  return probabilities;
}

}  // namespace qmnist
