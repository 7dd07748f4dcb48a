#include "host/engines/cpu/workspace.h"

namespace qmnist::cpu {
namespace {

/// Whether a product leaves out zeros of the layer's activations or deltas.
bool has_bits(const Network& network, std::size_t layer) {
  const std::size_t count = sparse_layers(network);
  return count > 1 && layer < count;
}

}  // namespace

Workspace::Workspace(const Network& network, PackedMatrix::Panels first, std::size_t rows)
    : sparse_batch{SparseBatch(network.inputs(), rows), SparseBatch(network.inputs(), rows)},
      losses(rows) {
  const std::size_t whole_tiles = tiles_for(rows) * kTileRows;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const std::size_t outputs = network.layers()[l].outputs;
    const PackedMatrix::Panels panels = panels_of(network, first, l);
    layers.push_back(
        {.activations = {whole_tiles, outputs, panels},
         .deltas = {whole_tiles, outputs, panels},
         .nonzero = has_bits(network, l) ? NonzeroBits(rows, outputs) : NonzeroBits()});
  }
}

std::size_t Workspace::bytes(const Network& network, PackedMatrix::Panels first, std::size_t rows) {
  const std::size_t whole_tiles = tiles_for(rows) * kTileRows;
  std::size_t bytes = 2 * SparseBatch::bytes(network.inputs(), rows) + rows * sizeof(SampleLoss);
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const std::size_t outputs = network.layers()[l].outputs;
    bytes += 2 * PackedMatrix::bytes(whole_tiles, outputs, panels_of(network, first, l)) +
             (has_bits(network, l) ? NonzeroBits::bytes(rows, outputs) : 0);
  }
  return bytes;
}

}  // namespace qmnist::cpu
