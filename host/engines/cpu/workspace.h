#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "host/engines/cpu/dense_layer.h"
#include "host/engines/cpu/nonzero_bits.h"
#include "host/engines/cpu/packed_matrix.h"
#include "host/engines/cpu/sparse_batch.h"
#include "host/model/network.h"

namespace qmnist::cpu {

/// Results of a layer for a batch.
struct LayerOutputs {
  PackedMatrix activations;  ///< [rows, outputs]; the last layer's are logits
  PackedMatrix deltas;       ///< [rows, outputs]: d loss / d z
  /// Of the activations, and so of the deltas. Without tiles where no product leaves out zeros.
  NonzeroBits nonzero;
};

/// Loss of one sample, and whether it was classified correctly.
struct SampleLoss {
  float loss;
  bool correct;
};

/// Memory for the intermediate results of a batch of up to `rows` samples.
struct Workspace {
  /// @param first panels of the first layer's outputs
  Workspace(const Network& network, PackedMatrix::Panels first, std::size_t rows);

  /// Its memory in bytes.
  [[nodiscard]] static std::size_t bytes(const Network& network, PackedMatrix::Panels first,
                                         std::size_t rows);

  std::array<SparseBatch, 2> sparse_batch;  ///< of this batch, and of the one that follows
  std::vector<LayerOutputs> layers;
  std::vector<SampleLoss> losses;  ///< [rows]
};

}  // namespace qmnist::cpu
