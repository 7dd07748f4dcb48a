#pragma once

#include <cstddef>
#include <cstdint>

#include "host/engines/cuda/device_arenas.h"
#include "host/engines/cuda/device_world.h"
#include "host/engines/cuda/network_blocks.h"
#include "host/engines/engine.h"

namespace qmnist::cuda {

/// What the ranks of a world exchange in a step on GPUs. A rank has a share of all arenas
/// (ArenaShare), of which it sums the gradients over the slices of the batch, and on which it steps
/// the optimizer.
///
/// A step: put_slice() for each of this rank's slices, sum_slices(), the optimizer's step on the
/// own share, gather() of the parameters. All members enqueue their work in the stream.
class RankExchange {
 public:
  /// @param world, stream, blocks must outlive this
  RankExchange(DeviceWorld& world, const EngineSettings& settings, cudaStream_t stream,
               NetworkBlocks& blocks);

  /// Slices of this rank, and the first of them.
  [[nodiscard]] std::size_t slices() const { return slices_; }
  [[nodiscard]] std::size_t first_slice() const { return world_.rank() * slices_; }
  /// This rank's rows of a batch.
  [[nodiscard]] Range rows_of_batch(std::size_t rows) const;

  /// Sends the gradient of one of this rank's slices to the ranks whose shares it has.
  /// @param gradients an arena, which is free for the next one then
  void put_slice(std::size_t slice, const float* gradients);
  /// Writes the sum of all slices' gradients, added in their order, to the own share of an arena.
  void sum_slices(float* gradients);
  /// Brings the other ranks' shares of an arena here.
  void gather(float* arena);
  /// Brings the losses and hits of the other ranks' rows of a batch here, [rows] each.
  void gather_rows(float* losses, std::uint8_t* correct, std::size_t rows);

 private:
  DeviceWorld& world_;
  ArenaShare share_;
  std::size_t slices_;
  cudaStream_t stream_;
  BlockArray<float> received_;  ///< [slices, ranks, floats of a share]
};

}  // namespace qmnist::cuda
