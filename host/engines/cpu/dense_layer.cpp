#include "host/engines/cpu/dense_layer.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/dense_layer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "host/engines/cpu/product-inl.h"
#include "host/engines/cpu/sparse-inl.h"
#include "host/engines/cpu/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

/// multiply(), which leaves out zeros of the left operand where they are known.
template <typename Finish>
HWY_INLINE void multiply(const PackedMatrix& left, const NonzeroBits* nonzero,
                         const PackedMatrix& right, Range tiles, const Finish& finish) {
  if (nonzero == nullptr) {
    multiply(left, right, tiles, finish);
  } else {
    multiply_nonzero(left, *nonzero, right, {tiles.begin * kTileRows, tiles.end * kTileRows},
                     finish);
  }
}

void dense_forward(const PackedMatrix& inputs, const NonzeroBits* nonzero,
                   const PackedMatrix& weight, const PackedMatrix& bias, bool applies_relu,
                   Range tiles, PackedMatrix& outputs) {
  multiply(inputs, nonzero, weight, tiles,
           [&](std::size_t block, std::size_t row, std::size_t column, Vector sum) HWY_ATTR {
             sum = hn::Add(sum, hn::Load(kFloats, bias.row(block, 0) + column));
             hn::Store(applies_relu ? relu(sum) : sum, kFloats, outputs.row(block, row) + column);
           });
}

void dense_backward(const PackedMatrix& deltas, const NonzeroBits* nonzero,
                    const PackedMatrix& weight_transposed, const PackedMatrix* relu_activations,
                    Range tiles, PackedMatrix& input_deltas) {
  if (relu_activations == nullptr) {
    multiply(deltas, nonzero, weight_transposed, tiles,
             [&](std::size_t block, std::size_t row, std::size_t column, Vector sum) HWY_ATTR {
               float* derivatives = input_deltas.row(block, row) + column;
               hn::Store(hn::Mul(sum, hn::Load(kFloats, derivatives)), kFloats, derivatives);
             });
    return;
  }
  multiply(deltas, nonzero, weight_transposed, tiles,
           [&](std::size_t block, std::size_t row, std::size_t column, Vector sum) HWY_ATTR {
             const Vector activation =
                 hn::Load(kFloats, relu_activations->row(block, row) + column);
             sum = hn::IfThenZeroElse(hn::Le(activation, hn::Zero(kFloats)), sum);
             hn::Store(sum, kFloats, input_deltas.row(block, row) + column);
           });
}

/// to[i][r] = from[r][i] of a block of kBlockWidth rows.
void transpose_block(Rows<const float> from, Rows<float> to) {
  HWY_ALIGN std::array<float, 4 * kLanes> fours;
  for (std::size_t r = 0; r < kBlockWidth; r += 4) {
    for (std::size_t i = 0; i < kBlockWidth; i += kLanes) {
      const float* rows = from.first + r * from.pitch + i;
      hn::StoreInterleaved4(hn::Load(kFloats, rows), hn::Load(kFloats, rows + from.pitch),
                            hn::Load(kFloats, rows + 2 * from.pitch),
                            hn::Load(kFloats, rows + 3 * from.pitch), kFloats, fours.data());
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        std::copy_n(fours.data() + 4 * lane, 4, to.first + (i + lane) * to.pitch + r);
      }
    }
  }
}

/// The block of weights of a block of inputs and one of outputs.
void transpose_weights(const PackedMatrix& weight, std::size_t input_block,
                       std::size_t output_block, PackedMatrix& transposed) {
  transpose_block({weight.row(output_block, input_block * kBlockWidth), weight.pitch()},
                  {transposed.row(input_block, output_block * kBlockWidth), transposed.pitch()});
}

void transpose_rows(const PackedMatrix& weight, Range input_blocks, PackedMatrix& transposed) {
  const std::size_t blocks = transposed.rows() / kBlockWidth;
  for (std::size_t input = input_blocks.begin; input < input_blocks.end; ++input) {
    for (std::size_t block = 0; block < blocks; ++block) {
      transpose_weights(weight, input, block, transposed);
    }
  }
}

/// apply.of_block(block)(input, gradients of its weights in the block) for all weights of some
/// inputs, and applied(block, input_block) after each block of them.
template <typename Apply, typename Applied>
HWY_INLINE void update_tiles(const PackedMatrix& inputs, const PackedMatrix& deltas, Range rows,
                             Range input_blocks, const Apply& apply, const Applied& applied) {
  for_tile_blocks({0, deltas.blocks()}, [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
    const RowOfBlocks<kBlocks> columns = row_of_blocks<kBlocks>(deltas, block, rows.begin);
    HWY_ALIGN std::array<float, kRows * kBlocks * kBlockWidth> sums;
    for (std::size_t input_block = input_blocks.begin; input_block < input_blocks.end;
         ++input_block) {
      for (std::size_t input = 0; input < kBlockWidth; input += kRows) {
        const float* first = inputs.row(input_block, rows.begin) + input;
        with_pitch(inputs, [&](auto pitch) HWY_ATTR {
          sum_over_rows<pitch.value, kBlocks>(first, rows.size(), columns, sums.data());
        });
        for (std::size_t i = 0; i < kBlocks; ++i) {
          const auto of_block = apply.of_block(block + i);
          for (std::size_t r = 0; r < kRows; ++r) {
            std::array<Vector, kBlockVectors> gradients;
            for (std::size_t j = 0; j < kBlockVectors; ++j) {
              gradients[j] =
                  hn::Load(kFloats, sums.data() + (r * kBlocks + i) * kBlockWidth + j * kLanes);
            }
            of_block(input_block * kBlockWidth + input + r, gradients);
          }
        }
      }
      for (std::size_t i = 0; i < kBlocks; ++i) {
        applied(block + i, input_block);
      }
    }
  });
}

/// update_tiles() that leaves out zeros of the inputs.
template <typename Apply, typename Applied>
HWY_INLINE void update_nonzero(const PackedMatrix& inputs, const NonzeroBits& nonzero,
                               const PackedMatrix& deltas, Range rows, Range input_blocks,
                               const Apply& apply, const Applied& applied) {
  constexpr std::size_t kBlocksOfTile = NonzeroBits::kTile / kBlockWidth;
  constexpr std::array<std::uint8_t, NonzeroBits::kTile> kUsed = [] {
    std::array<std::uint8_t, NonzeroBits::kTile> all{};
    all.fill(1);
    return all;
  }();
  const RowBits bits(rows);
  const auto update_blocks = [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
    const auto of_block = apply.of_block(block);
    for (std::size_t first = input_blocks.begin; first < input_blocks.end;) {
      const std::size_t tile = first / kBlocksOfTile;
      const std::size_t end = std::min((tile + 1) * kBlocksOfTile, input_blocks.end);
      update_tile<kBlocks * kBlockVectors, float>(
          nonzero.of_columns(tile) + first % kBlocksOfTile * kBlockWidth, bits,
          {inputs.row(first, 0), inputs.pitch()},
          std::span(kUsed).first((end - first) * kBlockWidth),
          {deltas.row(block, 0), deltas.pitch()}, first * kBlockWidth, of_block);
      for (; first < end; ++first) {
        for (std::size_t i = 0; i < kBlocks; ++i) {
          applied(block + i, first);
        }
      }
    }
  };
  for_groups(deltas, deltas, {0, deltas.blocks()}, update_blocks);
}

template <typename Apply>
HWY_INLINE void apply_scaled(const PackedMatrix& gradients, float scale, Range rows, Range blocks,
                             const Apply& apply) {
  const Vector factor = hn::Set(kFloats, scale);
  for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
    const auto of_block = apply.of_block(block);
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      std::array<Vector, kBlockVectors> scaled;
      for (std::size_t i = 0; i < kBlockVectors; ++i) {
        scaled[i] = hn::Mul(factor, hn::Load(kFloats, gradients.row(block, row) + i * kLanes));
      }
      of_block(row, scaled);
    }
  }
}

void apply_gradients(const PackedMatrix& gradients, float scale, Range rows, Range blocks,
                     const Update& update, Parameters& parameters) {
  with_update(parameters, update, [&](const auto& apply) HWY_ATTR {
    apply_scaled(gradients, scale, rows, blocks, apply);
  });
}

void dense_update(const PackedMatrix& inputs, const NonzeroBits* nonzero,
                  const PackedMatrix& deltas, Range rows, Range input_blocks, const Update& update,
                  Parameters& weight, PackedMatrix& weight_transposed) {
  const std::size_t blocks = weight_transposed.rows() / kBlockWidth;  // less than deltas fill up
  with_update(weight, update, [&](const auto& apply) HWY_ATTR {
    const auto applied = [&](std::size_t block, std::size_t input_block) HWY_ATTR {
      if (update.gradients == nullptr && block < blocks) {  // else the weights are unchanged
        transpose_weights(weight.values, input_block, block, weight_transposed);
      }
    };
    if (nonzero == nullptr) {
      update_tiles(inputs, deltas, rows, input_blocks, apply, applied);
    } else {
      update_nonzero(inputs, *nonzero, deltas, rows, input_blocks, apply, applied);
    }
  });
}

template <typename Apply>
HWY_INLINE void update_bias(const PackedMatrix& deltas, Range rows, Range blocks,
                            const Apply& apply) {
  for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
    std::array<Vector, kBlockVectors> sums;
    for (std::size_t i = 0; i < kBlockVectors; ++i) {
      sums[i] = hn::Zero(kFloats);
      for (std::size_t row = rows.begin; row < rows.end; ++row) {
        sums[i] = hn::Add(sums[i], hn::Load(kFloats, deltas.row(block, row) + i * kLanes));
      }
    }
    apply.of_block(block)(0, sums);
  }
}

void bias_update(const PackedMatrix& deltas, Range rows, Range blocks, const Update& update,
                 Parameters& bias) {
  with_update(bias, update,
              [&](const auto& apply) HWY_ATTR { update_bias(deltas, rows, blocks, apply); });
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {

HWY_EXPORT(dense_forward);
HWY_EXPORT(dense_backward);
HWY_EXPORT(dense_update);
HWY_EXPORT(bias_update);
HWY_EXPORT(apply_gradients);
HWY_EXPORT(transpose_rows);

void dense_forward(const PackedMatrix& inputs, const NonzeroBits* nonzero,
                   const PackedMatrix& weight, const PackedMatrix& bias, bool applies_relu,
                   Range tiles, PackedMatrix& outputs) {
  HWY_DYNAMIC_DISPATCH(dense_forward)(inputs, nonzero, weight, bias, applies_relu, tiles, outputs);
}

void dense_backward(const PackedMatrix& deltas, const NonzeroBits* nonzero,
                    const PackedMatrix& weight_transposed, const PackedMatrix* relu_activations,
                    Range tiles, PackedMatrix& input_deltas) {
  HWY_DYNAMIC_DISPATCH(dense_backward)
  (deltas, nonzero, weight_transposed, relu_activations, tiles, input_deltas);
}

void dense_update(const PackedMatrix& inputs, const NonzeroBits* nonzero,
                  const PackedMatrix& deltas, Range rows, Range input_blocks, const Update& update,
                  Parameters& weight, PackedMatrix& weight_transposed) {
  HWY_DYNAMIC_DISPATCH(dense_update)
  (inputs, nonzero, deltas, rows, input_blocks, update, weight, weight_transposed);
}

void apply_gradients(const PackedMatrix& gradients, float scale, Range rows, Range blocks,
                     const Update& update, Parameters& parameters) {
  HWY_DYNAMIC_DISPATCH(apply_gradients)(gradients, scale, rows, blocks, update, parameters);
}

void transpose(const PackedMatrix& weight, Range input_blocks, PackedMatrix& weight_transposed) {
  HWY_DYNAMIC_DISPATCH(transpose_rows)(weight, input_blocks, weight_transposed);
}

void bias_update(const PackedMatrix& deltas, Range rows, Range blocks, const Update& update,
                 Parameters& bias) {
  HWY_DYNAMIC_DISPATCH(bias_update)(deltas, rows, blocks, update, bias);
}

}  // namespace qmnist::cpu
#endif
