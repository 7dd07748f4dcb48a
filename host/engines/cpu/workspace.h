#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "host/engines/cpu/dense_layer.h"
#include "host/engines/cpu/nonzeros.h"
#include "host/engines/cpu/panels.h"
#include "host/model/network.h"

namespace qmnist {

/// What a layer writes for a batch.
struct LayerOutputs {
  PanelMatrix activations;  ///< [rows, outputs]; the last layer's are logits
  PanelMatrix deltas;       ///< [rows, outputs]: d loss / d z
};

/// How the network did on an image.
struct Judgement {
  float loss;
  bool correct;
};

/// Room for what is computed of a batch of up to so many rows.
struct Workspace {
  Workspace(const Network& network, std::size_t rows);

  /// Memory that it takes.
  [[nodiscard]] static std::size_t bytes(const Network& network, std::size_t rows);

  std::array<Nonzeros, 2> nonzeros;  ///< of this batch, and of the one that follows
  std::vector<LayerOutputs> layers;
  std::vector<Judgement> judgements;  ///< [rows]
};

}  // namespace qmnist
