#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/engines/cuda/resources.h"
#include "host/engines/engine.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist::cuda {

/// Running metrics of several networks, which are summed on the device and read now and then,
/// without waiting for it.
class MetricsReader {
 public:
  /// @param stream of the work that adds to the metrics; must outlive this
  MetricsReader(std::size_t networks, cudaStream_t stream);

  [[nodiscard]] DeviceMetrics* data() { return sums_.data(); }  ///< [networks], on the device

  /// Sets the metrics of a network.
  void start(std::size_t network, const RunningMetrics& metrics);
  /// Work that adds the metrics of so many samples has been enqueued.
  void add(std::size_t network, std::size_t samples) { enqueued_[network] += samples; }
  /// Takes the metrics that have arrived, if they have, and starts copying the next ones.
  void poll();
  /// The last ones that poll() took.
  [[nodiscard]] const RunningMetrics& latest(std::size_t network) const { return latest_[network]; }
  /// Waits for all work that has been enqueued. @return the network's metrics after it
  [[nodiscard]] RunningMetrics finish(std::size_t network);

 private:
  cudaStream_t stream_;
  DeviceBuffer<DeviceMetrics> sums_;
  PinnedBuffer<DeviceMetrics> arriving_;
  Event arrived_ = make_event();
  bool is_arriving_ = false;
  std::vector<std::uint64_t> arriving_samples_;  ///< 0 where it is not to be taken
  std::vector<std::uint64_t> enqueued_;          ///< samples
  std::vector<RunningMetrics> latest_;
};

}  // namespace qmnist::cuda
