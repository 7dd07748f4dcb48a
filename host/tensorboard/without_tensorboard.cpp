#include "host/missing_part.h"
#include "host/tensorboard/run_events.h"

namespace qmnist {

class EventFile {};

void RunEvents::require() {
  throw_missing_part("writes no files for TensorBoard", "protobuf and ISA-L", "QMNIST_TENSORBOARD");
}

RunEvents::RunEvents(const RunFolder& /*any*/, const Config& /*any*/, std::size_t /*any*/) {}
RunEvents::~RunEvents() = default;
void RunEvents::add_epoch(const EpochMetrics& /*any*/, std::size_t /*any*/) {}
void RunEvents::add_weights(std::size_t /*any*/, const Network& /*any*/,
                            std::span<const float> /*any*/) {}
void RunEvents::add_result(const RunResult& /*any*/, std::string_view /*any*/) {}

}  // namespace qmnist
