#include "host/engines/cuda/cuda_check.h"
#include "host/engines/cuda/score_batch.h"

namespace qmnist::cuda {

void score_batch(cudaStream_t stream, const float* probabilities, const std::uint8_t* labels,
                 std::size_t rows, std::size_t classes, Score* scores,
                 unsigned long long* confusion) {
  QMNIST_CHECK(launch_score(stream, probabilities, labels, scores, confusion, rows, classes));
}

}  // namespace qmnist::cuda
