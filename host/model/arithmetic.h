#pragma once

#include <string_view>

namespace qmnist {

/// Version of the arithmetic (docs/arithmetic.md): a change of the bits of results is a new one.
inline constexpr std::string_view kArithmetic = "1";

/// The same, but with matrix products of cuBLAS, whose order of operations it does not fix.
inline constexpr std::string_view kArithmeticWithCublas = "1-cublas";

/// Metadata entry of models and checkpoints that holds one of these.
inline constexpr const char* kArithmeticKey = "arithmetic";

}  // namespace qmnist
