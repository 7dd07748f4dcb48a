#include "host/engines/cuda/metrics_reader.h"

namespace qmnist::cuda {
namespace {

RunningMetrics running(const DeviceMetrics& sums, std::uint64_t samples) {
  return {.loss_sum = sums.loss_sum, .correct = sums.correct, .samples = samples};
}

}  // namespace

MetricsReader::MetricsReader(std::size_t networks, cudaStream_t stream)
    : stream_(stream),
      sums_(networks),
      arriving_(networks),
      arriving_samples_(networks),
      enqueued_(networks),
      latest_(networks) {
  // All are copied at a time, also those of networks that have not started.
  QMNIST_CHECK(cudaMemsetAsync(sums_.data(), 0, sums_.bytes(), stream_));
}

void MetricsReader::start(std::size_t network, const RunningMetrics& metrics) {
  const DeviceMetrics sums{.loss_sum = metrics.loss_sum, .correct = metrics.correct};
  // A copy from pageable memory has read it when the call returns.
  QMNIST_CHECK(cudaMemcpyAsync(sums_.data() + network, &sums, sizeof(sums), cudaMemcpyHostToDevice,
                               stream_));
  enqueued_[network] = metrics.samples;
  latest_[network] = metrics;
  arriving_samples_[network] = 0;
}

void MetricsReader::poll() {
  if (is_arriving_) {
    const cudaError_t status = cudaEventQuery(arrived_.get());
    if (status == cudaErrorNotReady) {
      (void)cudaGetLastError();  // else it stays there as the last error
      return;
    }
    QMNIST_CHECK(status);
    for (std::size_t network = 0; network < latest_.size(); ++network) {
      if (arriving_samples_[network] != 0) {
        latest_[network] = running(arriving_.span()[network], arriving_samples_[network]);
      }
    }
  }
  QMNIST_CHECK(cudaMemcpyAsync(arriving_.data(), sums_.data(), sums_.bytes(),
                               cudaMemcpyDeviceToHost, stream_));
  QMNIST_CHECK(cudaEventRecord(arrived_.get(), stream_));
  is_arriving_ = true;
  arriving_samples_ = enqueued_;
}

RunningMetrics MetricsReader::finish(std::size_t network) {
  DeviceMetrics sums{};
  // A copy to pageable memory is complete when the call returns.
  QMNIST_CHECK(cudaMemcpyAsync(&sums, sums_.data() + network, sizeof(sums), cudaMemcpyDeviceToHost,
                               stream_));
  arriving_samples_[network] = 0;
  return running(sums, enqueued_[network]);
}

}  // namespace qmnist::cuda
