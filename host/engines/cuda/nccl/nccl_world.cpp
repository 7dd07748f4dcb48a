// The ranks of a world as processes or threads with a GPU each, connected by NCCL. Compiled into
// libqmnist_nccl.so.
#include <fmt/format.h>
#include <nccl.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "host/engines/cuda/nccl/nccl_check.h"
#include "host/engines/cuda/nccl/nccl_library.h"

namespace qmnist::cuda {
namespace {

/// Calls that NCCL starts together, as each may wait for others of them.
class NcclGroup {
 public:
  NcclGroup() { QMNIST_NCCL_CHECK(ncclGroupStart()); }
  NcclGroup(const NcclGroup&) = delete;
  NcclGroup& operator=(const NcclGroup&) = delete;
  NcclGroup(NcclGroup&&) = delete;
  NcclGroup& operator=(NcclGroup&&) = delete;
  ~NcclGroup() {
    if (is_open_) {  // an error came between
      (void)ncclGroupEnd();
    }
  }

  void end() {
    is_open_ = false;
    QMNIST_NCCL_CHECK(ncclGroupEnd());
  }

 private:
  bool is_open_ = true;
};

/// Ends all ranks when NCCL meets an error while the device works, which no call would return: what
/// is enqueued would wait for ever.
class ErrorWatch {
 public:
  ErrorWatch(ncclComm_t comm, World& world)
      : thread_([comm, &world](const std::stop_token& stop) { run(stop, comm, world); }) {}

 private:
  static void run(const std::stop_token& stop, ncclComm_t comm, World& world) {
    constexpr std::chrono::milliseconds kPoll{100};
    constexpr int kPollsUntilEnd = 27;  // a rank that failed ends all before, and says why
    for (int failed = 0; failed < kPollsUntilEnd && !stop.stop_requested();) {
      std::this_thread::sleep_for(kPoll);
      failed += error_of(comm) == ncclSuccess ? 0 : 1;
    }
    if (!stop.stop_requested()) {
      fmt::print(stderr, "qmnist_gpu: error: rank {}: NCCL: {}; all ranks end\n", world.rank(),
                 ncclGetErrorString(error_of(comm)));
      world.abort(static_cast<int>(ExitStatus::kDevice));
    }
  }

  static ncclResult_t error_of(ncclComm_t comm) {
    ncclResult_t error = ncclSuccess;
    (void)ncclCommGetAsyncError(comm, &error);
    return error == ncclInProgress ? ncclSuccess : error;
  }

  std::jthread thread_;
};

ncclComm_t connect(World& world) {
  ncclUniqueId id{};
  if (world.rank() == 0) {
    QMNIST_NCCL_CHECK(ncclGetUniqueId(&id));
  }
  world.broadcast(std::as_writable_bytes(std::span(&id, 1)));
  ncclComm_t comm = nullptr;
  QMNIST_NCCL_CHECK(
      ncclCommInitRank(&comm, static_cast<int>(world.size()), id, static_cast<int>(world.rank())));
  return comm;
}

class NcclWorld final : public DeviceWorld {
 public:
  NcclWorld(World& world, cudaStream_t stream)
      : rank_(world.rank()),
        size_(world.size()),
        stream_(stream),
        comm_(connect(world)),
        watch_(std::in_place, comm_, world) {}
  NcclWorld(const NcclWorld&) = delete;
  NcclWorld& operator=(const NcclWorld&) = delete;
  NcclWorld(NcclWorld&&) = delete;
  NcclWorld& operator=(NcclWorld&&) = delete;
  ~NcclWorld() override {
    watch_.reset();
    if (comm_ != nullptr) {
      (void)ncclCommDestroy(comm_);
    }
  }

  [[nodiscard]] std::size_t rank() const override { return rank_; }
  [[nodiscard]] std::size_t size() const override { return size_; }

  void all_to_all(const void* sent, void* received, std::size_t bytes) override {
    NcclGroup group;
    for (std::size_t rank = 0; rank < size_; ++rank) {
      const std::size_t place = rank * bytes;
      QMNIST_NCCL_CHECK(ncclSend(static_cast<const std::byte*>(sent) + place, bytes, ncclUint8,
                                 static_cast<int>(rank), comm_, stream_));
      QMNIST_NCCL_CHECK(ncclRecv(static_cast<std::byte*>(received) + place, bytes, ncclUint8,
                                 static_cast<int>(rank), comm_, stream_));
    }
    group.end();
  }

  void all_gather(void* parts, std::span<const std::size_t> bytes) override {
    if (std::ranges::count(bytes, bytes[0]) == std::ssize(bytes)) {
      const std::byte* own = static_cast<const std::byte*>(parts) + rank_ * bytes[0];
      QMNIST_NCCL_CHECK(ncclAllGather(own, parts, bytes[0], ncclUint8, comm_, stream_));
      return;
    }
    NcclGroup group;
    auto* part = static_cast<std::byte*>(parts);
    for (std::size_t rank = 0; rank < size_; ++rank) {
      if (bytes[rank] > 0) {
        QMNIST_NCCL_CHECK(ncclBroadcast(part, part, bytes[rank], ncclUint8, static_cast<int>(rank),
                                        comm_, stream_));
      }
      part += bytes[rank];
    }
    group.end();
  }

  void abort() noexcept override {
    watch_.reset();
    (void)ncclCommAbort(std::exchange(comm_, nullptr));
  }

 private:
  std::size_t rank_;
  std::size_t size_;
  cudaStream_t stream_;
  ncclComm_t comm_;
  std::optional<ErrorWatch> watch_;
};

std::unique_ptr<DeviceWorld> join(World& world, cudaStream_t stream) {
  return std::make_unique<NcclWorld>(world, stream);
}

}  // namespace
}  // namespace qmnist::cuda

const qmnist::cuda::NcclLibrary qmnist_nccl_library{.join = qmnist::cuda::join};
