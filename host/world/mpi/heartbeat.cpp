#include "host/world/mpi/heartbeat.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "host/error.h"
#include "host/world/mpi/mpi_check.h"

namespace qmnist::mpi {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPoll = 100ms;
constexpr auto kBeat = 1s;
constexpr auto kSilence = 5s;  ///< after which a rank is given up
enum Tag : int { kAlive = 1, kEnd = 2 };

/// Sends a message without content that nobody waits for.
void send(MPI_Comm comm, int rank, Tag tag) {
  MPI_Request sending = MPI_REQUEST_NULL;
  (void)MPI_Isend(nullptr, 0, MPI_BYTE, rank, tag, comm, &sending);
  // NOLINTNEXTLINE(clang-analyzer-optin.mpi.MPI-Checker): it is given up, not waited for
  (void)MPI_Request_free(&sending);
}

/// The tag of a message that has come, if one has.
std::optional<int> take_message(MPI_Comm comm) {
  int is_there = 0;
  MPI_Status message{};
  (void)MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &is_there, &message);
  if (is_there == 0) {
    return std::nullopt;
  }
  (void)MPI_Recv(nullptr, 0, MPI_BYTE, message.MPI_SOURCE, message.MPI_TAG, comm,
                 MPI_STATUS_IGNORE);
  return message.MPI_TAG;
}

/// Ends this process, and the others as far as MPI can.
void abort(MPI_Comm comm) {
  (void)MPI_Abort(comm, static_cast<int>(ExitStatus::kDevice));
}

/// Says which rank is silent, and ends all: MPI_Abort() alone leaves it to the launcher, of which
/// srun waits for half a minute.
void give_up(MPI_Comm comm, int size, int silent) {
  fmt::print(stderr, "qmnist_gpu: error: rank {} has not answered for {} seconds; all ranks end\n",
             silent, std::chrono::seconds(kSilence).count());
  for (int rank = 0; rank < size; ++rank) {
    if (rank != silent) {
      send(comm, rank, kEnd);
    }
  }
  std::this_thread::sleep_for(kPoll * 5);
  abort(comm);
}

}  // namespace

Heartbeat::Heartbeat(MPI_Comm world) {
  QMNIST_MPI_CHECK(MPI_Comm_dup(world, &comm_));
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Heartbeat::~Heartbeat() {
  thread_.request_stop();
  thread_.join();
  (void)MPI_Barrier(comm_);
  while (take_message(comm_)) {
  }
  (void)MPI_Comm_free(&comm_);
}

void Heartbeat::run(const std::stop_token& stop) {
  int rank = 0;
  int size = 0;
  (void)MPI_Comm_rank(comm_, &rank);
  (void)MPI_Comm_size(comm_, &size);
  const int next = (rank + 1) % size;
  const int previous = (rank + size - 1) % size;
  Clock::time_point sent{};
  Clock::time_point heard = Clock::now();
  Clock::time_point last_poll = heard;
  while (!stop.stop_requested()) {
    const Clock::time_point now = Clock::now();
    if (now - last_poll > kBeat) {
      heard = now;  // this process was stopped itself: it cannot know of the others
    }
    last_poll = now;
    if (now - sent >= kBeat) {
      send(comm_, next, kAlive);
      sent = now;
    }
    if (const std::optional<int> tag = take_message(comm_)) {
      heard = now;
      if (tag == kEnd) {
        abort(comm_);
      }
    } else if (now - heard > kSilence) {
      give_up(comm_, size, previous);
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace qmnist::mpi
