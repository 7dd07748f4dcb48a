#pragma once

namespace qmnist {

/// To what a GPU may round the operands of matrix products; sums and weights are float32 always.
enum class MathMode { kFp32, kTf32, kBf16 };

}  // namespace qmnist
