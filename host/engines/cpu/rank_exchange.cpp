#include "host/engines/cpu/rank_exchange.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>

#include "host/engines/cpu/flush_denormals.h"
#include "host/engines/engine.h"

namespace qmnist::cpu {
namespace {

std::vector<std::size_t> scaled(std::span<const std::size_t> counts, std::size_t factor) {
  std::vector<std::size_t> result;
  std::ranges::transform(counts, std::back_inserter(result),
                         [&](std::size_t count) { return count * factor; });
  return result;
}

/// Floats of each rank's share.
std::vector<std::size_t> floats_of(const Network& network, std::size_t ranks) {
  std::vector<std::size_t> floats(ranks);
  for (const DenseLayer& layer : network.layers()) {
    const std::size_t rows = blocks_for(layer.inputs) * kBlockWidth + 1;  // and the bias
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      floats[rank] += blocks_of_rank(layer, {rank, ranks}).size() * kBlockWidth * rows;
    }
  }
  return floats;
}

/// Floats that a rank has room for, at most.
std::size_t room(std::span<const std::size_t> floats, std::size_t slices) {
  const std::size_t of_all_slices = floats.size() * slices * std::ranges::max(floats);
  return std::max(of_all_slices, std::reduce(floats.begin(), floats.end()));
}

}  // namespace

RankExchange::RankExchange(World& world, const Network& network, std::size_t slices)
    : world_(world),
      network_(network),
      slices_(slices),
      floats_(floats_of(network, world.size())),
      sent_(slices * std::reduce(floats_.begin(), floats_.end())),
      received_(room(floats_, slices)) {}

std::size_t RankExchange::bytes(std::size_t ranks, const Network& network, std::size_t slices) {
  const std::vector<std::size_t> floats = floats_of(network, ranks);
  return (slices * std::reduce(floats.begin(), floats.end()) + room(floats, slices)) *
         sizeof(float);
}

template <typename Layers, typename Visit>
void RankExchange::for_each_row(Layers& layers, std::size_t rank, const Visit& visit) const {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Range of_rank = blocks(l, rank);
    for (std::size_t block = of_rank.begin; block < of_rank.end; ++block) {
      for (std::size_t row = 0; row < layers[l].weight.values.rows(); ++row) {
        visit(layers[l].weight.values.row(block, row));
      }
      visit(layers[l].bias.values.row(block, 0));
    }
  }
}

void RankExchange::put_slice(std::size_t slice, const std::vector<Layer>& gradients) {
  float* part = sent_.data();
  for (std::size_t rank = 0; rank < world_.size(); ++rank) {
    float* to = part + slice * floats_[rank];
    for_each_row(gradients, rank,
                 [&](const float* row) { to = std::copy_n(row, kBlockWidth, to); });
    part += slices_ * floats_[rank];
  }
}

void RankExchange::sum_slices(std::vector<Layer>& sums) {
  const std::size_t own = floats_[world_.rank()];
  const std::size_t all_slices = slices_ * world_.size();
  const std::vector<std::size_t> sent_bytes = scaled(floats_, slices_ * sizeof(float));
  const std::vector<std::size_t> received_bytes(world_.size(), slices_ * own * sizeof(float));
  const std::span<float> received = std::span(received_).first(all_slices * own);
  world_.all_to_all(std::as_bytes(std::span(sent_)), sent_bytes, std::as_writable_bytes(received),
                    received_bytes);
  const FlushDenormals flush;
  const float* from = received.data();
  for_each_row(sums, world_.rank(), [&](float* row) {
    std::copy_n(from, kBlockWidth, row);
    for (std::size_t slice = 1; slice < all_slices; ++slice) {
      const float* of_slice = from + slice * own;
      std::transform(row, row + kBlockWidth, of_slice, row, std::plus<>());
    }
    from += kBlockWidth;
  });
}

void RankExchange::gather(std::vector<Layer>& layers) {
  const std::span<float> all =
      std::span(received_).first(std::reduce(floats_.begin(), floats_.end()));
  const auto before = std::span(floats_).first(world_.rank());
  float* own = all.data() + std::reduce(before.begin(), before.end());
  for_each_row(layers, world_.rank(),
               [&](const float* row) { own = std::copy_n(row, kBlockWidth, own); });
  world_.all_gather(std::as_writable_bytes(all), scaled(floats_, sizeof(float)));
  const float* from = all.data();
  for (std::size_t rank = 0; rank < world_.size(); ++rank) {
    for_each_row(layers, rank, [&](float* row) {
      std::copy_n(from, kBlockWidth, row);
      from += kBlockWidth;
    });
  }
}

void RankExchange::gather_arena(std::span<float> arena) const {
  for (std::size_t l = 0; l < network_.layers().size(); ++l) {
    const DenseLayer& layer = network_.layers()[l];
    for (const Tensor* tensor : {&layer.weight, &layer.bias}) {
      const std::size_t per_output = tensor->size / layer.outputs;
      gather_parts(world_, arena.subspan(tensor->offset, tensor->size), [&](std::size_t rank) {
        const Range of_rank = blocks(l, rank);
        return Range{std::min(of_rank.begin * kBlockWidth, layer.outputs) * per_output,
                     std::min(of_rank.end * kBlockWidth, layer.outputs) * per_output};
      });
    }
  }
}

void RankExchange::gather_rows(std::span<SampleLoss> rows) const {
  gather_parts(world_, rows, [&](std::size_t rank) {
    return rows_of_rank(rank, world_.size(), world_.size() * slices_, rows.size());
  });
}

void RankExchange::gather_units(std::size_t layer, std::span<double> values) const {
  gather_parts(world_, values, [&](std::size_t rank) {
    const Range of_rank = blocks(layer, rank);
    return Range{of_rank.begin * kBlockWidth, of_rank.end * kBlockWidth};
  });
}

}  // namespace qmnist::cpu
