#pragma once

#include <cstddef>

#include "host/engines/cuda/resources.h"
#include "host/engines/engine.h"

namespace qmnist::cuda {

/// A row-major matrix on the device as an operand of a product.
struct DeviceMatrix {
  const float* values;
  std::size_t row_length;  ///< in memory
  bool transposed = false;
};

/// cuBLAS on one stream, with a workspace of its own: without one, cuBLAS may allocate while a
/// graph is captured, and may choose other algorithms, so other bits, from run to run.
class Gemm {
 public:
  /// @param stream must outlive this
  Gemm(cudaStream_t stream, MathMode math);

  /// Enqueues product[rows, columns] = left[rows, depth] * right[depth, columns], all row-major;
  /// returns at once.
  void multiply(std::size_t rows, std::size_t columns, std::size_t depth, DeviceMatrix left,
                DeviceMatrix right, float* product);

 private:
  CublasHandle handle_;
  DeviceBuffer<std::byte> workspace_;
  cublasComputeType_t compute_type_;
};

}  // namespace qmnist::cuda
