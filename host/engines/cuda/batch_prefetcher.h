#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "host/data/dataset.h"
#include "host/engines/cuda/chunk.h"
#include "host/engines/cuda/network_blocks.h"
#include "host/engines/cuda/resources.h"
#include "host/engines/engine.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist::cuda {

/// Networks whose chunks are equal in these can have them unpacked by the same launches.
struct ChunkShape {
  std::size_t samples;
  bool is_kept;       ///< its images are on the device
  bool is_distorted;  ///< they come with distortions
  friend bool operator<(const ChunkShape& a, const ChunkShape& b) {
    return std::tie(a.samples, a.is_kept, a.is_distorted) <
           std::tie(b.samples, b.is_kept, b.is_distorted);
  }
};

/// Brings images to the device, a chunk of several batches at a time, while the device still works
/// on the chunk before. Each network has chunks of its own.
///
///     host       gather 0 | gather 1 | gather 2  ...      waits until copy i-2 has left its buffer
///     copies              | copy 0   | copy 1    ...      wait until chunk i-2 has been used
///     compute                        | unpack 0, train 0  wait for copy i
///
/// Two pinned buffers and two on the device take turns; unpacking turns grey levels into floats in
/// one more, whose address never changes. The data set needs to fit into host memory only; of data
/// that is on the device, indices are copied instead of images.
class BatchPrefetcher {
 public:
  static constexpr std::size_t kTurns = 2;

  /// @param settings which the networks have in common
  /// @param samples of the largest chunk
  /// @param compute the stream whose work needs the chunks; must outlive this, as the blocks
  BatchPrefetcher(const EngineSettings& settings, std::size_t samples, cudaStream_t compute,
                  NetworkBlocks& blocks);
  BatchPrefetcher(const BatchPrefetcher&) = delete;
  BatchPrefetcher& operator=(const BatchPrefetcher&) = delete;
  BatchPrefetcher(BatchPrefetcher&&) = delete;
  BatchPrefetcher& operator=(BatchPrefetcher&&) = delete;
  /// Waits for its copies.
  ~BatchPrefetcher() { (void)cudaStreamSynchronize(copy_.get()); }

  /// Makes the pinned buffers, in which a network takes pinned_bytes(). Before all that follows.
  void allocate(std::size_t networks);
  [[nodiscard]] std::size_t pinned_bytes() const { return kTurns * layout_.bytes(); }

  /// Copies the weights of a network's elastic fields to the device.
  void set_elastic(std::size_t network, const ElasticWeights& weights);

  /// Copies the images of `data` to the device, where later chunks will find them.
  void keep_on_device(const DataView& data);
  [[nodiscard]] bool is_kept(const DataView& data) const {
    return kept_ && kept_->host == data.pixels.data();
  }

  /// Gathers a chunk of `data` and starts copying it to the device. May wait for the copy two
  /// chunks before; both are free on return. Threads may call it for different networks.
  /// @param turn 0 or 1, by turns
  ChunkShape copy(std::size_t network, std::size_t turn, const DataView& data, const Chunk& chunk);

  /// Work that is enqueued on the compute stream afterwards finds the copied chunks of these
  /// networks in inputs(), and in labels(), targets() and steps() of that turn, until
  /// release().
  void unpack(std::size_t turn, const ChunkShape& shape, const NetworkSet& networks);

  /// What was enqueued on the compute stream so far was the last use of a turn's chunks.
  void release(std::size_t turn);

  // Of network 0, in its block.
  [[nodiscard]] const float* inputs() const { return inputs_.data(); }  ///< [samples, features]
  [[nodiscard]] const std::uint8_t* labels(std::size_t turn) const;     ///< [samples]
  [[nodiscard]] Targets targets(std::size_t turn) const;                ///< of samples
  [[nodiscard]] const StepParams* steps(std::size_t turn) const;        ///< [steps]

 private:
  /// Images on the device.
  struct KeptData {
    const std::uint8_t* host;  ///< where they were copied from
    DeviceBuffer<std::uint8_t> pixels;
  };

  std::size_t features_;
  ChunkLayout layout_;
  bool has_soft_labels_;
  bool has_elastic_;
  cudaStream_t compute_;
  Stream copy_ = make_stream();
  std::array<BlockArray<std::byte>, kTurns> arrived_;
  BlockArray<ElasticWeights> elastic_;
  BlockArray<std::uint8_t> gathered_;  ///< [samples, features]: a chunk of images on the device
  BlockArray<float> inputs_;
  std::optional<PinnedBuffer<std::byte>> pinned_;  ///< [networks][turns]
  std::vector<std::array<Event, kTurns>> copied_;  ///< [networks]
  std::array<Event, kTurns> released_{make_event(), make_event()};
  std::optional<KeptData> kept_;
};

}  // namespace qmnist::cuda
