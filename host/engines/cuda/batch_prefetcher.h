#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "host/data/dataset.h"
#include "host/engines/augmentation.h"
#include "host/engines/cuda/resources.h"
#include "host/engines/cuda/step_params.h"

namespace qmnist::cuda {

/// Brings images to the device, a chunk of several batches at a time, while the device still works
/// on the chunk before.
///
///     host       gather 0 | gather 1 | gather 2  ...      waits until copy i-2 has left its buffer
///     copies              | copy 0   | copy 1    ...      wait until unpack i-2 has left its
///     compute                        | unpack 0, train 0  wait for copy i
///
/// Two pinned buffers and two on the device take turns; unpacking turns grey levels into floats in
/// one more, whose address never changes, so that a captured graph finds every chunk there. The
/// data set needs to fit into host memory only; of data that is on the device, indices are copied
/// instead of images.
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

  /// Copies the images of `data` to the device, where upload() will find them.
  void keep_on_device(const DataView& data);
  /// Device memory that this takes, in bytes.
  [[nodiscard]] std::size_t bytes_to_keep(const DataView& data) const {
    return data.pixels.size() + samples_ * features_;
  }

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
  /// A turn's buffers. Steps, then labels, then distortions, then pixels or the indices of images
  /// on the device, so that one copy brings all of them.
  struct Slot {
    explicit Slot(std::size_t bytes) : pinned(bytes), device(bytes) {}
    PinnedBuffer<std::byte> pinned;
    DeviceBuffer<std::byte> device;
    Event copied = make_event();
    Event unpacked = make_event();
  };

  /// Images on the device.
  struct KeptData {
    const std::uint8_t* host;  ///< where they were copied from
    DeviceBuffer<std::uint8_t> pixels;
    DeviceBuffer<std::uint8_t> gathered;  ///< [samples, features]: those of a chunk
  };

  /// Fills a pinned buffer for a chunk. @return bytes
  std::size_t gather(std::byte* pinned, const DataView& data,
                     std::span<const std::uint32_t> indices, std::span<const StepParams> steps,
                     std::span<const Distortion> distortions) const;
  [[nodiscard]] bool is_kept(const DataView& data) const {
    return kept_ && kept_->host == data.pixels.data();
  }

  std::size_t features_;
  std::size_t samples_;
  std::size_t labels_at_;       ///< in bytes, in a slot and in header_
  std::size_t distortions_at_;  ///< in bytes, in a slot; the header's size
  std::size_t pixels_at_;       ///< in bytes, in a slot
  cudaStream_t compute_;
  Stream copy_ = make_stream();
  std::array<Slot, 2> slots_;
  std::size_t turn_ = 0;
  DeviceBuffer<std::byte> header_;  ///< steps and labels of the chunk in inputs_
  std::optional<DeviceBuffer<ElasticWeights>> elastic_;
  std::optional<KeptData> kept_;
  DeviceBuffer<float> inputs_;
};

}  // namespace qmnist::cuda
