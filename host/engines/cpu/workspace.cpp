#include "host/engines/cpu/workspace.h"

namespace qmnist::cpu {

Workspace::Workspace(const Network& network, PackedMatrix::Panels first, std::size_t rows)
    : sparse_batch{SparseBatch(network.inputs(), rows), SparseBatch(network.inputs(), rows)},
      losses(rows) {
  const std::size_t whole_tiles = tiles_for(rows) * kTileRows;
  for (const DenseLayer& layer : network.layers()) {
    const auto panels = layers.empty() ? first : PackedMatrix::Panels::kNarrow;
    layers.push_back({.activations = {whole_tiles, layer.outputs, panels},
                      .deltas = {whole_tiles, layer.outputs, panels}});
  }
}

std::size_t Workspace::bytes(const Network& network, PackedMatrix::Panels first, std::size_t rows) {
  const std::size_t whole_tiles = tiles_for(rows) * kTileRows;
  std::size_t bytes = 2 * SparseBatch::bytes(network.inputs(), rows) + rows * sizeof(SampleLoss);
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const auto panels = l == 0 ? first : PackedMatrix::Panels::kNarrow;
    bytes += 2 * PackedMatrix::bytes(whole_tiles, network.layers()[l].outputs, panels);
  }
  return bytes;
}

}  // namespace qmnist::cpu
