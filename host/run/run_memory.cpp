#include "host/run/run_memory.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "host/engines/engine_kinds.h"
#include "host/model/model.h"
#include "host/run/engine_settings.h"

namespace qmnist {

namespace {

/// Of a teacher: weights as tensors and in engines, and a chunk of images with their values.
std::size_t bytes_of_teacher(const TeacherSettings& teacher) {
  constexpr std::size_t kChunk = std::size_t{16} << 20;
  std::size_t bytes = teacher.any() ? kChunk : 0;
  for (const std::filesystem::path& path : teacher.models) {
    std::error_code unknown;  // teacher_checksums() says that a file is not there
    const std::uintmax_t size = std::filesystem::file_size(model_file(path), unknown);
    bytes += unknown ? 0 : 2 * static_cast<std::size_t>(size);
  }
  return bytes;
}

}  // namespace

std::size_t bytes_without_engine(const Config& config, const Network& network) {
  constexpr std::size_t kReport = std::size_t{24} << 20;  // measured: librsvg with its fonts
  const std::size_t ema = config.regularization.ema_decay > 0 ? 1 : 0;
  const std::size_t best = config.training.early_stopping > 0 ? 1 : 0;
  const std::size_t moments = moment_count(config.optimizer.name);
  const std::size_t arena = network.arena_size() * sizeof(float);
  const std::size_t state = (1 + moments + ema + best) * arena;
  // One waits, one is written, also as tensors; an engine has a buffer when it copies its state.
  const std::size_t checkpoints = 3 * state + arena;
  return state + std::max(checkpoints, kReport) + bytes_of_teacher(config.teacher);
}

std::size_t bytes_of_run(const Config& config, const Network& network, std::string_view device) {
  return engine_kind(device).host_bytes(engine_settings(config, network, 1)) +
         bytes_without_engine(config, network);
}

}  // namespace qmnist
