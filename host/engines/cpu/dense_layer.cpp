#include "host/engines/cpu/dense_layer.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/dense_layer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "host/engines/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::HWY_NAMESPACE {

/// Rows of a register tile of one block of columns: as many as the registers hold.
inline constexpr std::size_t kRows = kLanes == 16 ? 8 : kLanes == 8 ? 4 : 2;

using Tile = std::array<std::array<Vector, kBlockVectors>, kRows>;

HWY_INLINE void clear(Tile& tile) {
  for (auto& row : tile) {
    for (Vector& sum : row) {
      sum = hn::Zero(kFloats);
    }
  }
}

/// tile[r] += sum over k < depth of left[k * depth_step + r * row_step] * right[k].
/// @param right a narrow panel, [depth, kBlock]
HWY_INLINE void add_product(const float* left, std::size_t depth_step, std::size_t row_step,
                            const float* right, std::size_t depth, Tile& tile) {
  for (std::size_t k = 0; k < depth; ++k) {
    std::array<Vector, kBlockVectors> columns;
    for (std::size_t i = 0; i < kBlockVectors; ++i) {
      columns[i] = hn::Load(kFloats, right + k * kBlock + i * kLanes);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const Vector factor = hn::Set(kFloats, left[k * depth_step + r * row_step]);
      for (std::size_t i = 0; i < kBlockVectors; ++i) {
        tile[r][i] = hn::MulAdd(factor, columns[i], tile[r][i]);
      }
    }
  }
}

/// finish(block, row, column, sum) for each vector of left * right.
template <typename Finish>
HWY_INLINE void multiply(const PanelMatrix& left, const PanelMatrix& right, Range tiles,
                         const Finish& finish) {
  for (std::size_t block = 0; block < right.blocks(); ++block) {
    for (std::size_t row = tiles.begin * kTileRows; row < tiles.end * kTileRows; row += kRows) {
      Tile tile;
      clear(tile);
      for (std::size_t k = 0; k < right.rows() / kBlock; ++k) {
        add_product(left.row(k, row), 1, left.pitch(), right.row(block, k * kBlock), kBlock, tile);
      }
      for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t i = 0; i < kBlockVectors; ++i) {
          finish(block, row + r, i * kLanes, tile[r][i]);
        }
      }
    }
  }
}

void dense_forward(const PanelMatrix& inputs, const PanelMatrix& weight, const PanelMatrix& bias,
                   bool relu, Range tiles, PanelMatrix& outputs) {
  multiply(inputs, weight, tiles,
           [&](std::size_t block, std::size_t row, std::size_t column, Vector sum) HWY_ATTR {
             sum = hn::Add(sum, hn::Load(kFloats, bias.row(block, 0) + column));
             hn::Store(relu ? relu_of(sum) : sum, kFloats, outputs.row(block, row) + column);
           });
}

void dense_backward(const PanelMatrix& deltas, const PanelMatrix& weight_transposed,
                    const PanelMatrix* relu_activations, Range tiles, PanelMatrix& input_deltas) {
  if (relu_activations == nullptr) {
    multiply(deltas, weight_transposed, tiles,
             [&](std::size_t block, std::size_t row, std::size_t column, Vector sum) HWY_ATTR {
               float* slopes = input_deltas.row(block, row) + column;
               hn::Store(hn::Mul(sum, hn::Load(kFloats, slopes)), kFloats, slopes);
             });
    return;
  }
  multiply(deltas, weight_transposed, tiles,
           [&](std::size_t block, std::size_t row, std::size_t column, Vector sum) HWY_ATTR {
             const Vector activation =
                 hn::Load(kFloats, relu_activations->row(block, row) + column);
             sum = hn::IfThenZeroElse(hn::Le(activation, hn::Zero(kFloats)), sum);
             hn::Store(sum, kFloats, input_deltas.row(block, row) + column);
           });
}

template <typename Apply>
HWY_INLINE void update_tiles(const PanelMatrix& inputs, const PanelMatrix& deltas, std::size_t rows,
                             Range input_blocks, const Apply& apply) {
  for (std::size_t block = 0; block < deltas.blocks(); ++block) {
    for (std::size_t input = input_blocks.begin * kBlock; input < input_blocks.end * kBlock;
         input += kRows) {
      Tile tile;
      clear(tile);
      add_product(inputs.row(input / kBlock, 0) + input % kBlock, inputs.pitch(), 1,
                  deltas.row(block, 0), rows, tile);
      for (std::size_t r = 0; r < kRows; ++r) {
        apply(block, input + r, tile[r]);
      }
    }
  }
}

/// to[i][r] = from[r][i] of a block of kBlock rows.
void transpose_block(const float* from, float* to) {
  HWY_ALIGN std::array<float, 4 * kLanes> fours;
  for (std::size_t r = 0; r < kBlock; r += 4) {
    for (std::size_t i = 0; i < kBlock; i += kLanes) {
      const float* rows = from + r * kBlock + i;
      hn::StoreInterleaved4(hn::Load(kFloats, rows), hn::Load(kFloats, rows + kBlock),
                            hn::Load(kFloats, rows + 2 * kBlock),
                            hn::Load(kFloats, rows + 3 * kBlock), kFloats, fours.data());
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        std::copy_n(fours.data() + 4 * lane, 4, to + (i + lane) * kBlock + r);
      }
    }
  }
}

void transpose_rows(const PanelMatrix& weight, Range input_blocks, PanelMatrix& transposed) {
  for (std::size_t input = input_blocks.begin; input < input_blocks.end; ++input) {
    for (std::size_t block = 0; block < weight.blocks(); ++block) {
      transpose_block(weight.row(block, input * kBlock), transposed.row(input, block * kBlock));
    }
  }
}

template <typename Apply>
HWY_INLINE void apply_scaled(const PanelMatrix& gradients, float scale, Range rows, Range blocks,
                             const Apply& apply) {
  const Vector factor = hn::Set(kFloats, scale);
  for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      std::array<Vector, kBlockVectors> scaled;
      for (std::size_t i = 0; i < kBlockVectors; ++i) {
        scaled[i] = hn::Mul(factor, hn::Load(kFloats, gradients.row(block, row) + i * kLanes));
      }
      apply(block, row, scaled);
    }
  }
}

void apply_gradients(const PanelMatrix& gradients, float scale, Range rows, Range blocks,
                     const Update& update, Parameters& parameters) {
  with_update(parameters, update, [&](const auto& apply) HWY_ATTR {
    apply_scaled(gradients, scale, rows, blocks, apply);
  });
}

void dense_update(const PanelMatrix& inputs, const PanelMatrix& deltas, std::size_t rows,
                  Range input_blocks, const Update& update, Parameters& weight,
                  PanelMatrix& weight_transposed) {
  with_update(weight, update, [&](const auto& apply) HWY_ATTR {
    update_tiles(inputs, deltas, rows, input_blocks, apply);
  });
  transpose_rows(weight.values, input_blocks, weight_transposed);
}

template <typename Apply>
HWY_INLINE void update_bias(const PanelMatrix& deltas, std::size_t rows, Range blocks,
                            const Apply& apply) {
  for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
    std::array<Vector, kBlockVectors> sums;
    for (std::size_t i = 0; i < kBlockVectors; ++i) {
      sums[i] = hn::Zero(kFloats);
      for (std::size_t row = 0; row < rows; ++row) {
        sums[i] = hn::Add(sums[i], hn::Load(kFloats, deltas.row(block, row) + i * kLanes));
      }
    }
    apply(block, 0, sums);
  }
}

void bias_update(const PanelMatrix& deltas, std::size_t rows, Range blocks, const Update& update,
                 Parameters& bias) {
  with_update(bias, update,
              [&](const auto& apply) HWY_ATTR { update_bias(deltas, rows, blocks, apply); });
}

}  // namespace qmnist::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist {

HWY_EXPORT(dense_forward);
HWY_EXPORT(dense_backward);
HWY_EXPORT(dense_update);
HWY_EXPORT(bias_update);
HWY_EXPORT(apply_gradients);
HWY_EXPORT(transpose_rows);

void dense_forward(const PanelMatrix& inputs, const PanelMatrix& weight, const PanelMatrix& bias,
                   bool relu, Range tiles, PanelMatrix& outputs) {
  HWY_DYNAMIC_DISPATCH(dense_forward)(inputs, weight, bias, relu, tiles, outputs);
}

void dense_backward(const PanelMatrix& deltas, const PanelMatrix& weight_transposed,
                    const PanelMatrix* relu_activations, Range tiles, PanelMatrix& input_deltas) {
  HWY_DYNAMIC_DISPATCH(dense_backward)
  (deltas, weight_transposed, relu_activations, tiles, input_deltas);
}

void dense_update(const PanelMatrix& inputs, const PanelMatrix& deltas, std::size_t rows,
                  Range input_blocks, const Update& update, Parameters& weight,
                  PanelMatrix& weight_transposed) {
  HWY_DYNAMIC_DISPATCH(dense_update)
  (inputs, deltas, rows, input_blocks, update, weight, weight_transposed);
}

void apply_gradients(const PanelMatrix& gradients, float scale, Range rows, Range blocks,
                     const Update& update, Parameters& parameters) {
  HWY_DYNAMIC_DISPATCH(apply_gradients)(gradients, scale, rows, blocks, update, parameters);
}

void transpose(const PanelMatrix& weight, Range input_blocks, PanelMatrix& weight_transposed) {
  HWY_DYNAMIC_DISPATCH(transpose_rows)(weight, input_blocks, weight_transposed);
}

void bias_update(const PanelMatrix& deltas, std::size_t rows, Range blocks, const Update& update,
                 Parameters& bias) {
  HWY_DYNAMIC_DISPATCH(bias_update)(deltas, rows, blocks, update, bias);
}

}  // namespace qmnist
#endif
