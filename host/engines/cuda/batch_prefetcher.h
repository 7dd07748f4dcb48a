#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "host/data/dataset.h"
#include "host/engines/augmentation.h"
#include "host/engines/cuda/resources.h"
#include "kernels/optimizer.h"

namespace qmnist::cuda {

/// Parameters of a training step on the device.
struct StepParams {
  OptimizerStep<float> update;
  RowRandom random;
};

/// Brings images to the device, a chunk of several batches at a time, while the device still works
/// on the chunk before.
///
///     host       gather 0 | gather 1 | gather 2  ...      waits until copy i-2 has left its buffer
///     copies              | copy 0   | copy 1    ...      wait until unpack i-2 has left its
///     compute                        | unpack 0, train 0  wait for copy i
///
/// Two pinned buffers and two on the device take turns; unpacking turns grey levels into floats in
/// one more, whose address never changes, so that a captured graph finds every chunk there. The
/// data set needs to fit into host memory only.
class BatchPrefetcher {
 public:
  /// @param samples, steps the largest chunk
  /// @param augmentation distorts the images of chunks that come with distortions
  /// @param compute the stream whose work needs the chunks; must outlive this
  BatchPrefetcher(std::size_t features, std::size_t samples, std::size_t steps,
                  const Augmentation& augmentation, cudaStream_t compute);
  BatchPrefetcher(const BatchPrefetcher&) = delete;
  BatchPrefetcher& operator=(const BatchPrefetcher&) = delete;
  BatchPrefetcher(BatchPrefetcher&&) = delete;
  BatchPrefetcher& operator=(BatchPrefetcher&&) = delete;
  /// Waits for its copies.
  ~BatchPrefetcher() { (void)cudaStreamSynchronize(copy_.get()); }

  /// Gathers data[indices[i]], what the chunk's steps need and, unless there are
  /// none, each image's distortion. What is enqueued on
  /// the compute stream afterwards finds them in inputs(), labels() and steps(), until the next
  /// call. May wait for the copy two chunks before; `data` and the spans are free on return.
  void upload(const DataView& data, std::span<const std::uint32_t> indices,
              std::span<const StepParams> steps, std::span<const Distortion> distortions = {});

  [[nodiscard]] const float* inputs() const { return inputs_.data(); }  ///< [samples, features]
  [[nodiscard]] const std::uint8_t* labels() const;                     ///< [samples]
  [[nodiscard]] const StepParams* steps() const;                        ///< [steps]

 private:
  /// A turn's buffers. Steps, then labels, then distortions, then pixels, so that one copy brings
  /// all of them.
  struct Slot {
    explicit Slot(std::size_t bytes) : pinned(bytes), device(bytes) {}
    PinnedBuffer<std::byte> pinned;
    DeviceBuffer<std::byte> device;
    Event copied = make_event();
    Event unpacked = make_event();
  };

  std::size_t features_;
  std::size_t labels_at_;       ///< in bytes, in a slot and in header_
  std::size_t distortions_at_;  ///< in bytes, in a slot; the header's size
  std::size_t pixels_at_;       ///< in bytes, in a slot
  cudaStream_t compute_;
  Stream copy_ = make_stream();
  std::array<Slot, 2> slots_;
  std::size_t turn_ = 0;
  DeviceBuffer<std::byte> header_;  ///< steps and labels of the chunk in inputs_
  std::optional<DeviceBuffer<ElasticWeights>> elastic_;
  DeviceBuffer<float> inputs_;
};

}  // namespace qmnist::cuda
