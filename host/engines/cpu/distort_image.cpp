#include "host/engines/cpu/distort_image.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/distort_image.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Integers = hn::CappedTag<std::int32_t, 16>;
using IntegerVector = hn::Vec<Integers>;
inline constexpr Integers kIntegers;
inline constexpr std::size_t kIntegerLanes = hn::MaxLanes(kIntegers);

inline constexpr std::size_t kSide = kDistortSide;
inline constexpr std::size_t kNoise = kNoiseSide;
static_assert(kIntegerLanes <= kSide);

/// A row of an image in integers.
using Row = std::array<std::int32_t, kSide>;

/// work(x) for the first columns of the vectors of a row. The last vector overlaps the one before,
/// so that none goes beyond the row.
template <typename Work>
HWY_INLINE void for_columns(const Work& work) {
  for (std::size_t x = 0; x < kSide; x += kIntegerLanes) {
    work(std::min(x, kSide - kIntegerLanes));
  }
}

/// Two neighbouring 16-bit numbers in one integer, for products of which two are added at a time.
HWY_INLINE std::int32_t pair_at(const std::int16_t* low) {
  static_assert(std::endian::native == std::endian::little, "the first number is the low half");
  std::int32_t pair = 0;
  std::memcpy(&pair, low, sizeof pair);
  return pair;
}

/// sum + low * low + high * high of each integer's pairs.
HWY_INLINE IntegerVector add_products(IntegerVector a, IntegerVector b, IntegerVector sum) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  // There, as nowhere else, these are the pairs whose products the operation adds.
  const hn::Repartition<std::int16_t, Integers> halves;
  IntegerVector unused = hn::Zero(kIntegers);
  return hn::ReorderWidenMulAccumulate(kIntegers, hn::BitCast(halves, a), hn::BitCast(halves, b),
                                       sum, unused);
#else
  const auto low = [](IntegerVector v)
                       HWY_ATTR { return hn::ShiftRight<16>(hn::ShiftLeft<16>(v)); };
  sum = hn::Add(sum, hn::Mul(low(a), low(b)));
  return hn::Add(sum, hn::Mul(hn::ShiftRight<16>(a), hn::ShiftRight<16>(b)));
#endif
}

inline constexpr std::size_t kPairs = kNoise / 2;
static_assert(kNoise % 2 == 0);

/// Some columns of the pairs of kNoise rows.
using PairColumns = std::array<IntegerVector, kPairs>;

HWY_INLINE PairColumns columns_from(const std::array<Row, kPairs>& rows, std::size_t x) {
  PairColumns columns;
  for (std::size_t i = 0; i < kPairs; ++i) {
    columns[i] = hn::LoadU(kIntegers, rows[i].data() + x);
  }
  return columns;
}

/// weighted_sum() of these columns.
/// @param weights [kNoise]
HWY_INLINE IntegerVector weighted_sums(const std::int16_t* weights, const PairColumns& columns) {
  IntegerVector sum = hn::Zero(kIntegers);
  for (std::size_t i = 0; i < kPairs; ++i) {
    sum = add_products(hn::Set(kIntegers, pair_at(weights + 2 * i)), columns[i], sum);
  }
  return hn::ShiftRight<8>(sum);
}

/// An image's elastic displacements along an axis.
using Displacements = std::array<Row, kSide>;

/// @param noise of that axis
/// @param across the weights of ElasticWeights::across, transposed
HWY_INLINE void make_displacements(const std::int16_t* noise, const std::array<Row, kPairs>& across,
                                   const ElasticWeights& weights, Displacements& displacements) {
  for_columns([&](std::size_t x) HWY_ATTR {
    const PairColumns weights_across = columns_from(across, x);
    PairColumns smoothed;
    for (std::size_t i = 0; i < kPairs; ++i) {
      const std::int16_t* row = noise + 2 * i * kNoise;
      smoothed[i] = hn::Or(hn::And(weighted_sums(row, weights_across), hn::Set(kIntegers, 0xffff)),
                           hn::ShiftLeft<16>(weighted_sums(row + kNoise, weights_across)));
    }
    for (std::size_t y = 0; y < kSide; ++y) {
      hn::StoreU(weighted_sums(weights.down[y], smoothed), kIntegers, displacements[y].data() + x);
    }
  });
}

/// Displacements along x, then y.
HWY_INLINE void make_displacements(const RowRandom& random, const ElasticWeights& weights,
                                   std::array<Displacements, 2>& displacements) {
  ElasticField field;
  for (int draw = 0; draw < kNoiseDraws; ++draw) {
    draw_noise(random, draw, field);
  }
  std::array<Row, kPairs> across;
  for (std::size_t x = 0; x < kSide; ++x) {
    for (std::size_t i = 0; i < kPairs; ++i) {
      across[i][x] = pair_at(weights.across[x] + 2 * i);
    }
  }
  for (std::size_t axis = 0; axis < 2; ++axis) {
    make_displacements(field.noise + axis * kNoise * kNoise, across, weights, displacements[axis]);
  }
}

/// The four pixels around each position, a byte each, so that one gather brings what a pixel needs:
/// of columns and rows from -2 on; those at both ends are zeros.
struct Quads {
  static constexpr std::int32_t kFirst = -2;
  static constexpr std::int32_t kLast = kDistortSide;
  static constexpr std::size_t kRows = kLast - kFirst + 1;
  static constexpr std::size_t kPitch = 32;  ///< filled up to whole vectors
  static_assert(kRows <= kPitch);

  HWY_ALIGN std::array<std::int32_t, kRows * kPitch> values;
};

HWY_INLINE void make_quads(const std::uint8_t* image, Quads& quads) {
  // An image in the midst of zeros; a row's last vectors also read the first column of the next.
  std::array<std::uint8_t, (Quads::kRows + 1) * Quads::kPitch + 1> padded{};
  for (std::size_t y = 0; y < kSide; ++y) {
    std::copy_n(image + y * kSide, kSide, padded.data() + (y + 2) * Quads::kPitch + 2);
  }
  const hn::Rebind<std::uint8_t, Integers> bytes;
  for (std::size_t x = 0; x < Quads::kPitch; x += kIntegerLanes) {
    const auto pairs = [&](std::size_t y) HWY_ATTR {
      const std::uint8_t* at = padded.data() + y * Quads::kPitch + x;
      return hn::Or(hn::PromoteTo(kIntegers, hn::LoadU(bytes, at)),
                    hn::ShiftLeft<8>(hn::PromoteTo(kIntegers, hn::LoadU(bytes, at + 1))));
    };
    IntegerVector upper = pairs(0);
    for (std::size_t y = 0; y < Quads::kRows; ++y) {
      const IntegerVector lower = pairs(y + 1);
      hn::Store(hn::Or(upper, hn::ShiftLeft<16>(lower)), kIntegers,
                quads.values.data() + y * Quads::kPitch + x);
      upper = lower;
    }
  }
}

/// sample() at several positions; grey levels as integers.
HWY_INLINE IntegerVector sample_all(const Quads& quads, IntegerVector x, IntegerVector y) {
  const IntegerVector first = hn::Set(kIntegers, Quads::kFirst);
  const IntegerVector last = hn::Set(kIntegers, Quads::kLast);
  const IntegerVector byte = hn::Set(kIntegers, 255);
  const IntegerVector column = hn::Sub(hn::Clamp(hn::ShiftRight<16>(x), first, last), first);
  const IntegerVector row = hn::Sub(hn::Clamp(hn::ShiftRight<16>(y), first, last), first);
  const IntegerVector right = hn::And(hn::ShiftRight<8>(x), byte);
  const IntegerVector below = hn::And(hn::ShiftRight<8>(y), byte);
  const IntegerVector quad =
      hn::GatherIndex(kIntegers, quads.values.data(),
                      hn::Add(hn::ShiftLeft<std::countr_zero(Quads::kPitch)>(row), column));
  const IntegerVector upper_left = hn::And(quad, byte);
  const IntegerVector upper_right = hn::And(hn::ShiftRight<8>(quad), byte);
  const IntegerVector lower_left = hn::And(hn::ShiftRight<16>(quad), byte);
  const IntegerVector lower_right = hn::And(hn::ShiftRight<24>(quad), byte);
  // a (256 - f) + b f = 256 a + (b - a) f
  const IntegerVector upper =
      hn::Add(hn::ShiftLeft<8>(upper_left), hn::Mul(hn::Sub(upper_right, upper_left), right));
  const IntegerVector lower =
      hn::Add(hn::ShiftLeft<8>(lower_left), hn::Mul(hn::Sub(lower_right, lower_left), right));
  const IntegerVector sum = hn::Add(hn::ShiftLeft<8>(upper), hn::Mul(hn::Sub(lower, upper), below));
  return hn::ShiftRight<16>(hn::Add(sum, hn::Set(kIntegers, 1 << 15)));
}

void distort_image(const std::uint8_t* image, const Distortion& distortion,
                   const ElasticWeights* weights, std::uint8_t* distorted) {
  Quads quads;
  make_quads(image, quads);
  std::array<Displacements, 2> moved;
  if (weights != nullptr) {
    make_displacements(distortion.random, *weights, moved);
  }
  const hn::Rebind<std::uint8_t, Integers> bytes;
  const IntegerVector columns = hn::Iota(kIntegers, 0);
  const IntegerVector x_step = hn::Set(kIntegers, distortion.across.x);
  const IntegerVector y_step = hn::Set(kIntegers, distortion.across.y);
  for (std::size_t y = 0; y < kSide; ++y) {
    const auto down = static_cast<std::int32_t>(y);
    const std::int32_t row_x = distortion.origin.x + down * distortion.down.x;
    const std::int32_t row_y = distortion.origin.y + down * distortion.down.y;
    for_columns([&](std::size_t x) HWY_ATTR {
      const IntegerVector column =
          hn::Add(columns, hn::Set(kIntegers, static_cast<std::int32_t>(x)));
      IntegerVector at_x = hn::Add(hn::Set(kIntegers, row_x), hn::Mul(column, x_step));
      IntegerVector at_y = hn::Add(hn::Set(kIntegers, row_y), hn::Mul(column, y_step));
      if (weights != nullptr) {
        at_x = hn::Add(at_x, hn::LoadU(kIntegers, moved[0][y].data() + x));
        at_y = hn::Add(at_y, hn::LoadU(kIntegers, moved[1][y].data() + x));
      }
      hn::StoreU(hn::DemoteTo(bytes, sample_all(quads, at_x, at_y)), bytes,
                 distorted + y * kSide + x);
    });
  }
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {

HWY_EXPORT(distort_image);

void distort_image(const std::uint8_t* image, const Distortion& distortion,
                   const ElasticWeights* weights, std::uint8_t* distorted) {
  HWY_DYNAMIC_DISPATCH(distort_image)(image, distortion, weights, distorted);
}

}  // namespace qmnist::cpu
#endif
