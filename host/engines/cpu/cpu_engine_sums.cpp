// Optimizer steps that need the whole gradient first: where it is clipped, and where it is summed
// over slices of the batch, by one rank or by several.
#include <algorithm>
#include <array>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cpu/sparse_layer.h"
#include "kernels/clip.h"

namespace qmnist::cpu {
namespace {

/// The squares of the gradients of each output's values, for some blocks of outputs.
/// @param squares [blocks * kBlockWidth]
void square_units(const PackedMatrix& values, Range blocks, std::span<double> squares) {
  std::array<std::array<double, kBlockWidth>, kSumLanes> sums;  // compilers use vectors of columns
  for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
    sums = {};
    for (std::size_t row = 0; row < values.rows(); ++row) {
      const float* of_row = values.row(block, row);
      for (std::size_t i = 0; i < kBlockWidth; ++i) {
        const double value = of_row[i];
        sums[row % kSumLanes][i] += value * value;
      }
    }
    for (std::size_t i = 0; i < kBlockWidth; ++i) {
      SumOfLanes of_unit;
      for (const auto& of_lane : sums) {
        of_unit.add(of_lane[i]);
      }
      squares[block * kBlockWidth + i] = of_unit.total();
    }
  }
}

/// Their sum, in the order of docs/arithmetic.md.
double total(std::span<const double> squares) {
  SumOfLanes sum;
  for (const double of_unit : squares) {
    sum.add(of_unit);
  }
  return sum.total();
}

}  // namespace

CpuEngine::Batch CpuEngine::part_of(Indices batch) const {
  const Range rows = settings_.rows_of_batch(batch.size());
  return {batch.subspan(rows.begin, rows.size()), rows.begin, batch.size()};
}

void CpuEngine::sum_slices(const SparseBatch& sparse_batch, std::size_t rows,
                           std::vector<Layer>& gradients) {
  for (std::size_t slice = 0; slice < settings_.slices; ++slice) {
    const Range rows_of_slice{first_row(slice, settings_.slices, rows),
                              first_row(slice + 1, settings_.slices, rows)};
    pool_.run([&](std::size_t thread, std::size_t num_threads) {
      update_layers(sparse_batch, rows_of_slice, {.adds = slice > 0}, &gradients, thread,
                    num_threads);
    });
  }
}

void CpuEngine::sum_slices_of_ranks(const SparseBatch& sparse_batch, const Batch& batch) {
  const std::size_t slices = settings_.slices / world_.size();
  for (std::size_t i = 0; i < slices; ++i) {
    const auto row_of = [&](std::size_t slice) {
      return first_row(slice, settings_.slices, batch.all_rows) - batch.first_row;
    };
    const std::size_t slice = world_.rank() * slices + i;
    pool_.run([&](std::size_t thread, std::size_t num_threads) {
      update_layers(sparse_batch, {row_of(slice), row_of(slice + 1)}, {}, &slice_, thread,
                    num_threads);
    });
    exchange_->put_slice(i, slice_);
  }
  exchange_->sum_slices(sums_);
}

double CpuEngine::sum_of_squares() {
  double squares = 0;
  for (std::size_t l = 0; l < sums_.size(); ++l) {
    for (const PackedMatrix* gradients : {&sums_[l].weight.values, &sums_[l].bias.values}) {
      const std::size_t blocks = blocks_for(settings_.network.layers()[l].outputs);
      std::vector<double> of_units(blocks * kBlockWidth);
      if (exchange_) {
        square_units(*gradients, exchange_->own_blocks(l), of_units);
        exchange_->gather_units(l, of_units);
      } else {
        square_units(*gradients, {0, blocks}, of_units);
      }
      squares += total(of_units);
    }
  }
  return squares;
}

void CpuEngine::optimizer_step_by_sums(const SparseBatch& sparse_batch, const Batch& batch,
                                       const OptimizerStep<float>& step) {
  if (exchange_) {
    sum_slices_of_ranks(sparse_batch, batch);
  } else {
    sum_slices(sparse_batch, batch.all_rows, sums_);
  }
  const auto clip_norm = static_cast<float>(settings_.optimizer.clip_norm);
  const float scale = clip_norm > 0 ? clip_scale(sum_of_squares(), clip_norm) : 1;
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    apply_sums(step, scale, thread, num_threads);
  });
  if (exchange_) {
    exchange_->gather(layers_);
    pool_.run([&](std::size_t thread, std::size_t num_threads) {
      transpose_weights(thread, num_threads);
    });
  }
}

void CpuEngine::apply_sums(const OptimizerStep<float>& step, float scale, std::size_t thread,
                           std::size_t num_threads) {
  const Update update{settings_.optimizer.name, step};
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    const Layer& gradients = sums_[l];
    const Range blocks =
        exchange_ ? exchange_->own_blocks(l) : Range{0, layer.weight.values.blocks()};
    const Range inputs = share(layer.weight.values.rows() / kBlockWidth, thread, num_threads);
    apply_gradients(gradients.weight.values, scale,
                    {inputs.begin * kBlockWidth, inputs.end * kBlockWidth}, blocks, update,
                    layer.weight);
    if (thread == 0) {
      apply_gradients(gradients.bias.values, scale, {0, 1}, blocks, update, layer.bias);
    }
  }
  if (!exchange_) {
    transpose_weights(thread, num_threads);
  }
}

void CpuEngine::transpose_weights(std::size_t thread, std::size_t num_threads) {
  for (std::size_t l = 1; l < layers_.size(); ++l) {  // the images' gradient is not needed
    const PackedMatrix& weight = layers_[l].weight.values;
    transpose(weight, share(weight.rows() / kBlockWidth, thread, num_threads),
              layers_[l].weight_transposed);
  }
}

void CpuEngine::add_metrics(const Batch& batch, RunningMetrics& metrics) {
  std::span<const SampleLoss> losses(training_.losses);
  if (exchange_) {
    std::ranges::copy(losses.first(batch.images.size()),
                      losses_.begin() + static_cast<std::ptrdiff_t>(batch.first_row));
    exchange_->gather_rows(std::span(losses_).first(batch.all_rows));
    losses = losses_;
  }
  for (const SampleLoss& of_row : losses.first(batch.all_rows)) {
    metrics.loss_sum += static_cast<double>(of_row.loss);
    metrics.correct += of_row.correct ? 1 : 0;
  }
  metrics.samples += batch.all_rows;
}

}  // namespace qmnist::cpu
