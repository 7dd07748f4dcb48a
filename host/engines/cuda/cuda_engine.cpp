#include "host/engines/cuda/cuda_engine.h"

#include <algorithm>
#include <stdexcept>

#include "host/engines/cuda/cuda_library.h"
#include "host/engines/cuda/nvtx_range.h"
#include "host/engines/cuda/score_batch.h"
#include "host/error.h"

namespace qmnist::cuda {
namespace {

constexpr std::size_t kChunkSteps = 64;      // so that the host's work for a chunk is little a step
constexpr std::size_t kChunkSamples = 2048;  // and a chunk of images stays in the cache

std::size_t chunk_samples(std::size_t batch_size) {
  return batch_size * std::clamp<std::size_t>(kChunkSamples / batch_size, 1, kChunkSteps);
}

}  // namespace

CudaEngine::CudaEngine(EngineSettings settings)
    : settings_(std::move(settings)),
      augmentation_(settings_.augmentation, settings_.seed),
      device_(use_cuda_device(settings_.device_index)),
      chunk_samples_(chunk_samples(settings_.batch_size)),
      max_rows_(std::max(chunk_samples_, kChunkSamples)),
      network_(make_device_network(settings_, max_rows_, compute_.get())),
      prefetcher_(settings_.network.inputs(), max_rows_, kChunkSteps, augmentation_,
                  compute_.get()),
      confusion_(settings_.network.classes() * settings_.network.classes()) {
  set_state(initial_state(settings_.network, 0));
}

CudaEngine::~CudaEngine() {
  (void)cudaSetDevice(static_cast<int>(device_.index));
  // After an error, pending work may still use the buffers.
  (void)cudaStreamSynchronize(compute_.get());
}

void CudaEngine::make_device_current() const {
  QMNIST_CHECK(cudaSetDevice(static_cast<int>(device_.index)));
}

std::string CudaEngine::device() const {
  return describe(device_);
}

void CudaEngine::set_state(const TrainingState& state) {
  make_device_current();
  network_->set_state(state);
  step_ = state.step;
}

TrainingState CudaEngine::state() const {
  make_device_current();
  TrainingState state;
  network_->get_state(state);
  state.step = step_;
  return state;
}

void CudaEngine::keep_on_device(const DataView& data) {
  make_device_current();
  if (settings_.on_device == OnDevice::kAlways) {
    try {
      prefetcher_.keep_on_device(data);
    } catch (const DeviceMemoryError& error) {
      throw DeviceMemoryError(R"(data.on_device is "always", but {}; or set it to "auto")",
                              error.what());
    }
  } else if (settings_.on_device == OnDevice::kAuto) {
    std::size_t free = 0;
    std::size_t total = 0;
    QMNIST_CHECK(cudaMemGetInfo(&free, &total));
    if (prefetcher_.bytes_to_keep(data) <= free / 8) {  // other engines may need memory, too
      prefetcher_.keep_on_device(data);
    }
  }
}

void CudaEngine::require_training() const {
  if (!settings_.is_training) {
    throw std::logic_error("an engine that was made to predict cannot train");
  }
}

void CudaEngine::train(const DataView& data, std::span<const std::uint32_t> order,
                       RunningMetrics& metrics, const StepCallback& keep_going) {
  const NvtxRange range("epoch");
  require_training();
  make_device_current();
  send_metrics(metrics);
  std::size_t enqueued = metrics.samples;
  bool wanted = true;
  while (wanted && enqueued < order.size()) {
    // Chunks begin at multiples of their size after a resume, too: so a batch has the address that
    // it has in an uninterrupted epoch. cuBLAS may choose its algorithms by the alignment.
    const std::size_t size = chunk_samples_ - enqueued % chunk_samples_;
    const auto chunk = order.subspan(enqueued, std::min(size, order.size() - enqueued));
    train_chunk(data, chunk);
    enqueued += chunk.size();
    poll_metrics(metrics, enqueued);
    wanted = metrics.samples == 0 || keep_going(metrics);
  }
  fetch_metrics(enqueued);
  QMNIST_CHECK(cudaStreamSynchronize(compute_.get()));
  take_metrics(metrics);
  if (wanted) {
    (void)keep_going(metrics);
  }
}

void CudaEngine::add_distortions(std::uint64_t step, std::size_t rows,
                                 std::vector<Distortion>& distortions) const {
  for (std::size_t row = 0; augmentation_.active() && row < rows; ++row) {
    distortions.push_back(augmentation_.distortion(step, row));
  }
}

void CudaEngine::train_chunk(const DataView& data, std::span<const std::uint32_t> chunk) {
  const NvtxRange range("chunk");
  std::vector<StepParams> steps;
  std::vector<Distortion> distortions;
  for (std::size_t first = 0; first < chunk.size(); first += settings_.batch_size) {
    add_distortions(step_, std::min(settings_.batch_size, chunk.size() - first), distortions);
    const double learning_rate = settings_.schedule.learning_rate(step_);
    const RowRandom random{step_, 0, settings_.seed};
    steps.push_back({optimizer_scalars<float>(settings_.optimizer, learning_rate, ++step_,
                                              settings_.regularization.ema_decay),
                     random});
  }
  prefetcher_.upload(data, chunk, steps, distortions);
  launch_steps(chunk.size());
}

void CudaEngine::launch_steps(std::size_t samples) {
  const auto [place, is_first_use] = graphs_.try_emplace(samples);
  GraphExec& graph = place->second;
  if (is_first_use) {
    // Kernels are loaded and cuBLAS chooses its own at their first use; a capture must find that
    // done, and must not run in another thread meanwhile.
    const std::shared_lock no_capture(capture_mutex);
    enqueue_steps(samples);
    return;
  }
  if (graph == nullptr) {
    const NvtxRange range("capture");
    StreamCapture capture(compute_.get());
    enqueue_steps(samples);
    graph = capture.finish();
  }
  QMNIST_CHECK(cudaGraphLaunch(graph.get(), compute_.get()));
}

void CudaEngine::enqueue_steps(std::size_t samples) {
  const std::size_t features = settings_.network.inputs();
  for (std::size_t first = 0, step = 0; first < samples; first += settings_.batch_size, ++step) {
    const std::size_t rows = std::min(settings_.batch_size, samples - first);
    network_->train_step(prefetcher_.inputs() + first * features, prefetcher_.labels() + first,
                         rows, prefetcher_.steps() + step, metrics_.data());
  }
}

void CudaEngine::send_metrics(const RunningMetrics& metrics) {
  const DeviceMetrics start{.loss_sum = metrics.loss_sum, .correct = metrics.correct};
  QMNIST_CHECK(cudaMemcpyAsync(metrics_.data(), &start, sizeof(start), cudaMemcpyHostToDevice,
                               compute_.get()));
}

void CudaEngine::fetch_metrics(std::uint64_t samples) {
  QMNIST_CHECK(cudaMemcpyAsync(arriving_.data(), metrics_.data(), metrics_.bytes(),
                               cudaMemcpyDeviceToHost, compute_.get()));
  QMNIST_CHECK(cudaEventRecord(arrived_.get(), compute_.get()));
  arriving_samples_ = samples;
}

void CudaEngine::take_metrics(RunningMetrics& metrics) {
  const DeviceMetrics& values = *arriving_.data();
  metrics = {.loss_sum = values.loss_sum, .correct = values.correct, .samples = arriving_samples_};
  arriving_samples_ = 0;
}

void CudaEngine::poll_metrics(RunningMetrics& metrics, std::uint64_t samples) {
  if (arriving_samples_ != 0) {
    const cudaError_t status = cudaEventQuery(arrived_.get());
    if (status == cudaErrorNotReady) {
      (void)cudaGetLastError();  // else it stays there as the last error
      return;
    }
    QMNIST_CHECK(status);
    take_metrics(metrics);
  }
  fetch_metrics(samples);
}

std::vector<float> CudaEngine::gradients(const DataView& data,
                                         std::span<const std::uint32_t> batch) {
  require_training();
  if (batch.size() > settings_.batch_size) {
    throw std::length_error("a batch larger than the engine was made for");
  }
  make_device_current();
  std::vector<Distortion> distortions;
  add_distortions(step_, batch.size(), distortions);
  const StepParams step{.update = {}, .random = {step_, 0, settings_.seed}};
  prefetcher_.upload(data, batch, {&step, 1}, distortions);
  send_metrics({});
  return network_->gradients(prefetcher_.inputs(), prefetcher_.labels(), batch.size(),
                             &prefetcher_.steps()->random, metrics_.data());
}

template <typename Visit>
void CudaEngine::for_each_chunk(const DataView& data, std::span<const std::uint32_t> indices,
                                Visit visit) {
  for (std::size_t first = 0; first < indices.size(); first += max_rows_) {
    const auto chunk = indices.subspan(first, std::min(max_rows_, indices.size() - first));
    prefetcher_.upload(data, chunk, {});
    visit(first, chunk.size());
  }
}

std::vector<float> CudaEngine::predict(const DataView& data,
                                       std::span<const std::uint32_t> indices) {
  const NvtxRange range("predict");
  make_device_current();
  const std::size_t classes = settings_.network.classes();
  std::vector<float> probabilities(indices.size() * classes);
  for_each_chunk(data, indices, [&](std::size_t first, std::size_t rows) {
    QMNIST_CHECK(cudaMemcpyAsync(
        probabilities.data() + first * classes, network_->predict(prefetcher_.inputs(), rows),
        rows * classes * sizeof(float), cudaMemcpyDeviceToHost, compute_.get()));
  });
  QMNIST_CHECK(cudaStreamSynchronize(compute_.get()));
  return probabilities;
}

Scores CudaEngine::score(const DataView& data, std::span<const std::uint32_t> indices) {
  const NvtxRange range("score");
  make_device_current();
  if (!scores_ || scores_->size() < indices.size()) {
    scores_.reset();
    scores_.emplace(indices.size());
  }
  QMNIST_CHECK(cudaMemsetAsync(confusion_.data(), 0, confusion_.bytes(), compute_.get()));
  for_each_chunk(data, indices, [&](std::size_t first, std::size_t rows) {
    score_batch(compute_.get(), network_->predict(prefetcher_.inputs(), rows), prefetcher_.labels(),
                rows, settings_.network.classes(), scores_->data() + first, confusion_.data());
  });
  Scores scores{.images = std::vector<Score>(indices.size()),
                .loss_sum = 0,
                .confusion = std::vector<std::uint64_t>(confusion_.size())};
  QMNIST_CHECK(cudaMemcpyAsync(scores.images.data(), scores_->data(),
                               indices.size() * sizeof(Score), cudaMemcpyDeviceToHost,
                               compute_.get()));
  QMNIST_CHECK(cudaMemcpyAsync(scores.confusion.data(), confusion_.data(), confusion_.bytes(),
                               cudaMemcpyDeviceToHost, compute_.get()));
  QMNIST_CHECK(cudaStreamSynchronize(compute_.get()));
  for (const Score& score : scores.images) {  // on the host, as all engines add in this order
    scores.loss_sum += static_cast<double>(score.loss);
  }
  return scores;
}

}  // namespace qmnist::cuda

const qmnist::cuda::CudaLibrary qmnist_cuda_library{
    .make = [](qmnist::EngineSettings settings) -> std::unique_ptr<qmnist::Engine> {
      return std::make_unique<qmnist::cuda::CudaEngine>(std::move(settings));
    },
    .devices = qmnist::cuda::describe_cuda_devices,
};
