#include "host/engines/cuda/cuda_engine.h"

#include <algorithm>
#include <stdexcept>

#include "host/engines/cuda/nvtx_range.h"
#include "host/engines/cuda/score_batch.h"
#include "host/engines/predict_by_ranks.h"

namespace qmnist::cuda {

CudaEngine::CudaEngine(EngineSettings settings, std::shared_ptr<CudaGroup> group,
                       std::size_t network)
    : settings_(std::move(settings)),
      augmentation_(settings_.augmentation, settings_.seed),
      group_(std::move(group)),
      network_(network),
      confusion_(settings_.network.classes() * settings_.network.classes()) {
  if (const ElasticWeights* weights = augmentation_.elastic()) {
    group_->prefetcher().set_elastic(network_, *weights);
  }
  set_state(initial_state(settings_.network, 0));
}

CudaEngine::~CudaEngine() {
  end_training();
  (void)cudaSetDevice(static_cast<int>(group_->device().index));
}

std::unique_lock<std::mutex> CudaEngine::use_group() const {
  group_->make_device_current();
  return group_->lock_step().alone();
}

std::string CudaEngine::device() const {
  return describe(group_->device());
}

void CudaEngine::set_state(const TrainingState& state) {
  const auto lock = use_group();
  group_->network().arenas().set_state(network_, state);
  step_ = state.step;
}

TrainingState CudaEngine::state() const {
  const auto lock = use_group();
  TrainingState state;
  group_->network().arenas().get_state(network_, state);
  state.step = step_;
  return state;
}

void CudaEngine::keep_on_device(const DataView& data) {
  const auto lock = use_group();
  group_->keep_on_device(data);
}

void CudaEngine::end_training() {
  group_->lock_step().leave(network_);
}

void CudaEngine::require_training() const {
  if (!settings_.is_training) {
    throw std::logic_error("an engine that was made to predict cannot train");
  }
}

RunningMetrics CudaEngine::agreed(RunningMetrics metrics) const {
  if (settings_.ranks() > 1) {
    settings_.world->broadcast(std::as_writable_bytes(std::span(&metrics, 1)));
  }
  return metrics;
}

void CudaEngine::train(const DataView& data, std::span<const std::uint32_t> order,
                       RunningMetrics& metrics, const StepCallback& keep_going) {
  const NvtxRange range("epoch");
  require_training();
  MetricsReader& reader = group_->metrics();
  group_->lock_step().join(network_);
  {
    const auto lock = use_group();
    reader.start(network_, metrics);
  }
  std::size_t enqueued = metrics.samples;
  bool wanted = true;
  while (wanted && enqueued < order.size()) {
    // Chunks begin at multiples of their size after a resume, too: so a batch has the address that
    // it has in an uninterrupted epoch. cuBLAS may choose its algorithms by the alignment.
    const std::size_t size = group_->chunk_samples() - enqueued % group_->chunk_samples();
    const auto chunk = order.subspan(enqueued, std::min(size, order.size() - enqueued));
    train_chunk(data, chunk);
    enqueued += chunk.size();
    metrics = agreed(reader.latest(network_));
    wanted = metrics.samples == 0 || keep_going(metrics);
  }
  {
    const auto lock = use_group();
    group_->network().end_steps();
    metrics = reader.finish(network_);
  }
  if (wanted) {
    (void)keep_going(metrics);
  }
}

StepParams CudaEngine::step_params(std::uint64_t step, std::size_t first_row) const {
  const RegularizationSettings& regularization = settings_.regularization;
  const double learning_rate = settings_.schedule.learning_rate(step);
  return {.update = optimizer_scalars<float>(settings_.optimizer, learning_rate, step + 1,
                                             regularization.ema_decay),
          .random = {step, static_cast<std::uint32_t>(first_row), settings_.seed},
          .dropout = Dropout(regularization.dropout),
          .loss = loss_params<float>(settings_),
          .clip_norm = static_cast<float>(settings_.optimizer.clip_norm)};
}

void CudaEngine::add_distortions(std::uint64_t step, std::size_t rows,
                                 std::vector<Distortion>& distortions) const {
  for (std::size_t row = 0; augmentation_.active() && row < rows; ++row) {
    distortions.push_back(augmentation_.distortion(step, row));
  }
}

void CudaEngine::train_chunk(const DataView& data, std::span<const std::uint32_t> chunk) {
  std::vector<StepParams> steps;
  std::vector<Distortion> distortions;
  const std::vector<float> soft = soft_labels(settings_, data, chunk, step_);
  for (std::size_t first = 0; first < chunk.size(); first += settings_.batch_size) {
    const std::size_t rows = std::min(settings_.batch_size, chunk.size() - first);
    add_distortions(step_, rows, distortions);
    steps.push_back(step_params(step_++, settings_.rows_of_batch(rows).begin));
  }
  group_->train_chunk(network_, data, {chunk, steps, distortions, soft});
}

std::vector<float> CudaEngine::gradients(const DataView& data,
                                         std::span<const std::uint32_t> batch) {
  require_training();
  if (batch.size() > settings_.batch_size) {
    throw std::length_error("a batch larger than the engine was made for");
  }
  const std::vector<float> soft = soft_labels(settings_, data, batch, step_);
  const auto lock = use_group();
  std::vector<Distortion> distortions;
  add_distortions(step_, batch.size(), distortions);
  const StepParams step = step_params(step_, 0);
  BatchPrefetcher& prefetcher = group_->prefetcher();
  const NetworkSet only_this = group_->only(network_);
  const ChunkShape shape =
      prefetcher.copy(network_, 0, data, {batch, {&step, 1}, distortions, soft});
  prefetcher.unpack(0, shape, only_this);
  group_->metrics().start(network_, {});
  group_->network().compute_gradients(prefetcher.inputs(), prefetcher.targets(0), batch.size(),
                                      prefetcher.steps(0), group_->metrics().data(), only_this);
  prefetcher.release(0);
  return group_->network().arenas().download_gradients(network_);
}

template <typename Visit>
void CudaEngine::predict_chunks(const DataView& data, std::span<const std::uint32_t> indices,
                                const NetworkSet& networks, Visit visit) {
  BatchPrefetcher& prefetcher = group_->prefetcher();
  const NetworkSet only_this = group_->only(network_);
  std::size_t turn = 0;
  for (std::size_t first = 0; first < indices.size(); first += group_->max_rows()) {
    const auto chunk = indices.subspan(first, std::min(group_->max_rows(), indices.size() - first));
    const ChunkShape shape = prefetcher.copy(network_, turn, data, {chunk, {}});
    prefetcher.unpack(turn, shape, only_this);
    visit(first, chunk.size(),
          group_->network().predict(group_->of_network(network_, prefetcher.inputs()), chunk.size(),
                                    networks),
          prefetcher.labels(turn));
    prefetcher.release(turn);
    turn = (turn + 1) % BatchPrefetcher::kTurns;
  }
}

std::vector<float> CudaEngine::predict_by(const NetworkSet& networks, const DataView& data,
                                          std::span<const std::uint32_t> indices) {
  const NvtxRange range("predict");
  const auto lock = use_group();
  const std::size_t classes = settings_.network.classes();
  std::vector<float> result(networks.count * indices.size() * classes);
  predict_chunks(data, indices, networks,
                 [&](std::size_t first, std::size_t rows, const float* probabilities,
                     const std::uint8_t* /*labels*/) {
                   for (std::size_t i = 0; i < networks.count; ++i) {
                     QMNIST_CHECK(cudaMemcpyAsync(
                         result.data() + (i * indices.size() + first) * classes,
                         group_->of_network(networks.blocks[i], probabilities),
                         rows * classes * sizeof(float), cudaMemcpyDeviceToHost, group_->stream()));
                   }
                 });
  QMNIST_CHECK(cudaStreamSynchronize(group_->stream()));
  return result;
}

std::vector<float> CudaEngine::predict(const DataView& data,
                                       std::span<const std::uint32_t> indices) {
  const auto predict_here = [&](std::span<const std::uint32_t> images) {
    return predict_by(group_->only(network_), data, images);
  };
  return settings_.ranks() > 1 ? predict_by_ranks(*settings_.world, indices,
                                                  settings_.network.classes(), predict_here)
                               : predict_here(indices);
}

std::vector<float> CudaEngine::predict_by_group(const DataView& data,
                                                std::span<const std::uint32_t> indices) {
  return predict_by(group_->all(), data, indices);
}

Scores CudaEngine::score(const DataView& data, std::span<const std::uint32_t> indices) {
  const NvtxRange range("score");
  if (settings_.ranks() > 1) {
    return Engine::score(data, indices);
  }
  const auto lock = use_group();
  cudaStream_t stream = group_->stream();
  if (!scores_ || scores_->size() < indices.size()) {
    scores_.reset();
    scores_.emplace(indices.size());
  }
  QMNIST_CHECK(cudaMemsetAsync(confusion_.data(), 0, confusion_.bytes(), stream));
  predict_chunks(data, indices, group_->only(network_),
                 [&](std::size_t first, std::size_t rows, const float* probabilities,
                     const std::uint8_t* labels) {
                   score_batch(stream, group_->of_network(network_, probabilities),
                               group_->of_network(network_, labels), rows,
                               settings_.network.classes(), scores_->data() + first,
                               confusion_.data());
                 });
  Scores scores{.classes = settings_.network.classes(),
                .images = std::vector<Score>(indices.size()),
                .loss_sum = 0,
                .confusion = std::vector<std::uint64_t>(confusion_.size())};
  QMNIST_CHECK(cudaMemcpyAsync(scores.images.data(), scores_->data(),
                               indices.size() * sizeof(Score), cudaMemcpyDeviceToHost, stream));
  QMNIST_CHECK(cudaMemcpyAsync(scores.confusion.data(), confusion_.data(), confusion_.bytes(),
                               cudaMemcpyDeviceToHost, stream));
  QMNIST_CHECK(cudaStreamSynchronize(stream));
  for (const Score& score : scores.images) {  // on the host, as all engines add in this order
    scores.loss_sum += static_cast<double>(score.loss);
  }
  return scores;
}

}  // namespace qmnist::cuda
