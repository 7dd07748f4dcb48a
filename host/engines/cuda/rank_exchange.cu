#include "host/engines/cuda/rank_exchange.h"

#include <vector>

#include "kernels/sum_slices.h"

namespace qmnist::cuda {

RankExchange::RankExchange(DeviceWorld& world, const EngineSettings& settings, cudaStream_t stream,
                           NetworkBlocks& blocks)
    : world_(world),
      share_(settings),
      slices_(settings.slices / world.size()),
      stream_(stream),
      received_(blocks, slices_ * share_.arena()) {}

Range RankExchange::rows_of_batch(std::size_t rows) const {
  return rows_of_rank(world_.rank(), world_.size(), slices_ * world_.size(), rows);
}

void RankExchange::put_slice(std::size_t slice, const float* gradients) {
  world_.all_to_all(gradients, received_.data() + slice * share_.arena(),
                    share_.size * sizeof(float));
}

void RankExchange::sum_slices(float* gradients) {
  QMNIST_CHECK(launch_sum_slices(stream_, received_.data(), gradients + share_.begin, share_.size,
                                 world_.size(), slices_));
}

void RankExchange::gather(float* arena) {
  const std::vector<std::size_t> bytes(world_.size(), share_.size * sizeof(float));
  world_.all_gather(arena, bytes);
}

void RankExchange::gather_rows(float* losses, std::uint8_t* correct, std::size_t rows) {
  std::vector<std::size_t> bytes_of_losses;
  std::vector<std::size_t> bytes_of_correct;
  for (std::size_t rank = 0; rank < world_.size(); ++rank) {
    const Range of_rank = rows_of_rank(rank, world_.size(), slices_ * world_.size(), rows);
    bytes_of_losses.push_back(of_rank.size() * sizeof(float));
    bytes_of_correct.push_back(of_rank.size());
  }
  world_.all_gather(losses, bytes_of_losses);
  world_.all_gather(correct, bytes_of_correct);
}

}  // namespace qmnist::cuda
