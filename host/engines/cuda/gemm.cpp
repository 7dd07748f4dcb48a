#include "host/engines/cuda/gemm.h"

namespace qmnist::cuda {
namespace {

constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;  // cuBLAS's advice for Hopper

/// Operands, results and sums are floats in every mode; the mode says to what cuBLAS may round the
/// operands inside so that it can use tensor cores. Where a GPU lacks them it multiplies floats.
cublasComputeType_t compute_type(MathMode math) {
  switch (math) {
    case MathMode::kTf32:
      return CUBLAS_COMPUTE_32F_FAST_TF32;
    case MathMode::kBf16:
      return CUBLAS_COMPUTE_32F_FAST_16BF;
    case MathMode::kFp32:
      break;
  }
  return CUBLAS_COMPUTE_32F;
}

}  // namespace

Gemm::Gemm(cudaStream_t stream, MathMode math)
    : handle_(make_cublas_handle()),
      workspace_(kWorkspaceBytes),
      compute_type_(compute_type(math)) {
  QMNIST_CHECK(cublasSetStream(handle_.get(), stream));
  QMNIST_CHECK(cublasSetWorkspace(handle_.get(), workspace_.data(), workspace_.bytes()));
}

void Gemm::multiply(std::size_t rows, std::size_t columns, std::size_t depth, DeviceMatrix left,
                    DeviceMatrix right, float* product) {
  // cuBLAS reads matrices by columns. A row-major matrix read so is its transpose, and
  // (left * right)^T = right^T * left^T: so the operands change places, rows and columns too, and
  // nothing is copied or transposed.
  const auto size = [](std::size_t n) { return static_cast<int>(n); };
  const auto operation = [](const DeviceMatrix& m) {
    return m.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  };
  constexpr float kOne = 1;
  constexpr float kZero = 0;
  QMNIST_CHECK(cublasGemmEx(handle_.get(), operation(right), operation(left), size(columns),
                            size(rows), size(depth), &kOne, right.values, CUDA_R_32F,
                            size(right.row_length), left.values, CUDA_R_32F, size(left.row_length),
                            &kZero, product, CUDA_R_32F, size(columns), compute_type_,
                            CUBLAS_GEMM_DEFAULT));
}

}  // namespace qmnist::cuda
