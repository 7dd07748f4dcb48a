// The ranks of a world as processes that MPI's launcher started. Compiled into libqmnist_mpi.so.
#define OMPI_SKIP_MPICXX 1  // the C++ bindings, which MPI 3 removed
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/error.h"
#include "host/world/mpi/heartbeat.h"
#include "host/world/mpi/mpi_check.h"
#include "host/world/mpi/mpi_library.h"
#include "host/world/mpi/mpi_task_queue.h"

namespace qmnist::mpi {
namespace {

/// Sizes and places of parts, as MPI takes them: ints, of units that are larger than bytes where
/// all sizes allow it, so that 128 GiB can be counted.
class Parts {
 public:
  static constexpr std::size_t kLargeUnit = 64;

  explicit Parts(std::size_t unit) : unit_(unit) {}

  /// The largest unit in which all of these can be counted.
  static std::size_t unit_of(std::span<const std::size_t> bytes) {
    const bool are_large =
        std::ranges::all_of(bytes, [](std::size_t count) { return count % kLargeUnit == 0; });
    return are_large ? kLargeUnit : 1;
  }

  void add(std::span<const std::size_t> bytes) {
    std::size_t place = 0;
    for (const std::size_t count : bytes) {
      counts_.push_back(to_int(count / unit_));
      places_.push_back(to_int(place / unit_));
      place += count;
    }
  }

  [[nodiscard]] const int* counts() const { return counts_.data(); }
  [[nodiscard]] const int* places() const { return places_.data(); }

 private:
  static int to_int(std::size_t count) {
    if (count > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      throw UsageError("a network with too many parameters for MPI; use a smaller model.hidden");
    }
    return static_cast<int>(count);
  }

  std::size_t unit_;
  std::vector<int> counts_;
  std::vector<int> places_;
};

class MpiWorld final : public World {
 public:
  MpiWorld() : rank_(of_comm(MPI_Comm_rank)), size_(of_comm(MPI_Comm_size)) {
    QMNIST_MPI_CHECK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    QMNIST_MPI_CHECK(MPI_Type_contiguous(Parts::kLargeUnit, MPI_BYTE, &large_unit_));
    QMNIST_MPI_CHECK(MPI_Type_commit(&large_unit_));
    heartbeat_.emplace(MPI_COMM_WORLD);
  }
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;
  MpiWorld(MpiWorld&&) = delete;
  MpiWorld& operator=(MpiWorld&&) = delete;
  /// Waits for the others.
  ~MpiWorld() override {
    wait_for_all(MPI_COMM_WORLD);
    heartbeat_.reset();
    (void)MPI_Type_free(&large_unit_);
    (void)MPI_Finalize();
  }

  [[nodiscard]] std::size_t rank() const override { return rank_; }
  [[nodiscard]] std::size_t size() const override { return size_; }

  void all_to_all(std::span<const std::byte> sent, std::span<const std::size_t> sent_bytes,
                  std::span<std::byte> received,
                  std::span<const std::size_t> received_bytes) override {
    const std::size_t unit = std::min(Parts::unit_of(sent_bytes), Parts::unit_of(received_bytes));
    Parts to(unit);
    Parts from(unit);
    to.add(sent_bytes);
    from.add(received_bytes);
    QMNIST_MPI_CHECK(MPI_Alltoallv(sent.data(), to.counts(), to.places(), type_of(unit),
                                   received.data(), from.counts(), from.places(), type_of(unit),
                                   MPI_COMM_WORLD));
  }

  void all_gather(std::span<std::byte> parts, std::span<const std::size_t> bytes) override {
    const std::size_t unit = Parts::unit_of(bytes);
    Parts of_ranks(unit);
    of_ranks.add(bytes);
    QMNIST_MPI_CHECK(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, parts.data(),
                                    of_ranks.counts(), of_ranks.places(), type_of(unit),
                                    MPI_COMM_WORLD));
  }

  void broadcast(std::span<std::byte> bytes) override {
    for (std::size_t first = 0; first < bytes.size(); first += kBroadcast) {
      const auto piece = bytes.subspan(first, std::min(kBroadcast, bytes.size() - first));
      QMNIST_MPI_CHECK(
          MPI_Bcast(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, 0, MPI_COMM_WORLD));
    }
  }

  [[nodiscard]] std::unique_ptr<TaskQueue> make_task_queue(TaskQueue::OnReport on_report) override {
    return make_mpi_task_queue(MPI_COMM_WORLD, std::move(on_report));
  }

  void abort(int status) noexcept override {
    std::this_thread::sleep_for(kUntilRead);
    (void)MPI_Abort(MPI_COMM_WORLD, status);
  }

 private:
  static constexpr std::size_t kBroadcast = std::size_t{1} << 30;
  /// MPICH's launcher ends at once, and loses what it has not read of a message.
  static constexpr std::chrono::milliseconds kUntilRead{300};

  static std::size_t of_comm(int (*call)(MPI_Comm, int*)) {
    int value = 0;
    QMNIST_MPI_CHECK(call(MPI_COMM_WORLD, &value));
    return static_cast<std::size_t>(value);
  }
  [[nodiscard]] MPI_Datatype type_of(std::size_t unit) const {
    return unit == 1 ? MPI_BYTE : large_unit_;
  }

  std::size_t rank_;
  std::size_t size_;
  MPI_Datatype large_unit_{};
  std::optional<Heartbeat> heartbeat_;
};

std::unique_ptr<World> join() {
  int provided = 0;
  QMNIST_MPI_CHECK(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided));
  if (provided != MPI_THREAD_MULTIPLE) {
    throw UsageError(
        "this MPI cannot be called from several threads; use Open MPI 4.1, MPICH 4 or newer");
  }
  return std::make_unique<MpiWorld>();
}

}  // namespace
}  // namespace qmnist::mpi

const qmnist::mpi::MpiLibrary qmnist_mpi_library{.join = qmnist::mpi::join};
