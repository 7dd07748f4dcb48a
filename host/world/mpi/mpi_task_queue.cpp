#include "host/world/mpi/mpi_task_queue.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "host/error.h"
#include "host/world/mpi/mpi_check.h"

namespace qmnist::mpi {
namespace {

enum QueueTag : int { kAsk = 1, kAnswer = 2, kClose = 3 };
constexpr std::chrono::milliseconds kPollQueue{1};

void wait_for(MPI_Request& request) {
  int is_done = 0;
  QMNIST_MPI_CHECK(MPI_Test(&request, &is_done, MPI_STATUS_IGNORE));
  while (is_done == 0) {
    std::this_thread::sleep_for(kPollQueue);
    QMNIST_MPI_CHECK(MPI_Test(&request, &is_done, MPI_STATUS_IGNORE));
  }
}

class MpiTaskQueue final : public TaskQueue {
 public:
  MpiTaskQueue(MPI_Comm world, OnReport on_report)
      : own_(make_own_task_queue(std::move(on_report))) {
    QMNIST_MPI_CHECK(MPI_Comm_dup(world, &comm_));
    QMNIST_MPI_CHECK(MPI_Comm_rank(comm_, &rank_));
    if (rank_ == 0) {
      server_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
    }
  }
  MpiTaskQueue(const MpiTaskQueue&) = delete;
  MpiTaskQueue& operator=(const MpiTaskQueue&) = delete;
  MpiTaskQueue(MpiTaskQueue&&) = delete;
  MpiTaskQueue& operator=(MpiTaskQueue&&) = delete;
  ~MpiTaskQueue() override {
    if (std::uncaught_exceptions() == 0) {  // else this rank ends the others
      wait_for_all(comm_);
    }
    if (rank_ == 0) {
      server_.request_stop();
      server_.join();
    }
    (void)MPI_Comm_free(&comm_);
  }

  // NOLINTBEGIN(clang-analyzer-optin.mpi.MPI-Checker): wait_for() waits
  [[nodiscard]] std::size_t next(const std::string& report) override {
    if (rank_ == 0) {
      return own_->next(report);
    }
    const std::lock_guard lock(asking_);  // else an answer could go to another thread's report
    std::uint64_t task = 0;
    MPI_Request answer = MPI_REQUEST_NULL;
    MPI_Request asked = MPI_REQUEST_NULL;
    QMNIST_MPI_CHECK(MPI_Irecv(&task, 1, MPI_UINT64_T, 0, kAnswer, comm_, &answer));
    QMNIST_MPI_CHECK(MPI_Isend(report.data(), static_cast<int>(report.size()), MPI_BYTE, 0, kAsk,
                               comm_, &asked));
    wait_for(asked);
    wait_for(answer);
    return task;
  }

  void close() override {
    if (rank_ == 0) {
      own_->close();
      return;
    }
    MPI_Request closed = MPI_REQUEST_NULL;
    QMNIST_MPI_CHECK(MPI_Isend(nullptr, 0, MPI_BYTE, 0, kClose, comm_, &closed));
    wait_for(closed);
  }
  // NOLINTEND(clang-analyzer-optin.mpi.MPI-Checker)

 private:
  void serve(const std::stop_token& stop) {
    try {
      while (!stop.stop_requested()) {
        if (!serve_one()) {
          std::this_thread::sleep_for(kPollQueue);
        }
      }
    } catch (const DeviceError& error) {
      fmt::print(stderr, "qmnist_gpu: error: {}\n", error.what());
      (void)MPI_Abort(comm_, static_cast<int>(ExitStatus::kDevice));
    }
  }

  /// @return whether there was a message
  bool serve_one() {
    int is_there = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status{};
    QMNIST_MPI_CHECK(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_, &is_there, &message, &status));
    if (is_there == 0) {
      return false;
    }
    int size = 0;
    QMNIST_MPI_CHECK(MPI_Get_count(&status, MPI_BYTE, &size));
    std::string report(static_cast<std::size_t>(size), ' ');
    QMNIST_MPI_CHECK(MPI_Mrecv(report.data(), size, MPI_BYTE, &message, MPI_STATUS_IGNORE));
    if (status.MPI_TAG == kClose) {
      own_->close();
    } else {
      const std::uint64_t task = own_->next(report);
      QMNIST_MPI_CHECK(MPI_Send(&task, 1, MPI_UINT64_T, status.MPI_SOURCE, kAnswer, comm_));
    }
    return true;
  }

  std::unique_ptr<TaskQueue> own_;  ///< of all ranks, on rank 0
  MPI_Comm comm_ = MPI_COMM_NULL;   ///< of its own
  int rank_ = 0;
  std::mutex asking_;
  std::jthread server_;
};

}  // namespace

std::unique_ptr<TaskQueue> make_mpi_task_queue(MPI_Comm world, TaskQueue::OnReport on_report) {
  return std::make_unique<MpiTaskQueue>(world, std::move(on_report));
}

void wait_for_all(MPI_Comm comm) {
  MPI_Request all = MPI_REQUEST_NULL;
  int is_done = MPI_Ibarrier(comm, &all) == MPI_SUCCESS ? 0 : 1;
  while (is_done == 0) {
    std::this_thread::sleep_for(kPollQueue);
    if (MPI_Test(&all, &is_done, MPI_STATUS_IGNORE) != MPI_SUCCESS) {
      return;
    }
  }
}

}  // namespace qmnist::mpi
