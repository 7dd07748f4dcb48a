#include "host/engines/cpu/workspace.h"

namespace qmnist {

Workspace::Workspace(const Network& network, std::size_t rows)
    : nonzeros{Nonzeros(network.inputs(), rows), Nonzeros(network.inputs(), rows)},
      judgements(rows) {
  const std::size_t whole_tiles = tiles_for(rows) * kTileRows;
  for (const DenseLayer& layer : network.layers()) {
    const PanelMatrix::Panels panels = panels_of(layers.size());
    layers.push_back({.activations = {whole_tiles, layer.outputs, panels},
                      .deltas = {whole_tiles, layer.outputs, panels}});
  }
}

}  // namespace qmnist
