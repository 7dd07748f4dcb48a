#pragma once

#include <mpi.h>

#include <chrono>
#include <thread>

namespace qmnist::mpi {

/// Notices within seconds that a rank has died or stalled, where MPI would wait for ever: each rank
/// sends a sign of life to the next one every second, in a thread of its own, so that a long step
/// does not keep it from that. Who misses the one before ends all ranks, with exit status 4 and a
/// line that names it.
class Heartbeat {
 public:
  explicit Heartbeat(MPI_Comm world);
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;
  Heartbeat(Heartbeat&&) = delete;
  Heartbeat& operator=(Heartbeat&&) = delete;
  /// All ranks must call it.
  ~Heartbeat();

 private:
  void run(const std::stop_token& stop);

  MPI_Comm comm_ = MPI_COMM_NULL;  ///< of its own
  std::jthread thread_;
};

}  // namespace qmnist::mpi
