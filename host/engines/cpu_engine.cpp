#include "host/engines/cpu_engine.h"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>

#include "host/engines/cpu_info.h"
#include "kernels/bias_relu.h"
#include "kernels/normalize.h"
#include "kernels/relu_backward.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist {
namespace {

/// A row-major matrix operand of a product.
struct Matrix {
  const float* values;
  std::size_t row_length;
  CBLAS_TRANSPOSE transposed = CblasNoTrans;
};

/// product[rows, columns] = left[rows, depth] * right[depth, columns], row-major.
void multiply(std::size_t rows, std::size_t columns, std::size_t depth, Matrix left, Matrix right,
              float* product) {
  const auto size = [](std::size_t n) { return static_cast<blasint>(n); };
  cblas_sgemm(CblasRowMajor, left.transposed, right.transposed, size(rows), size(columns),
              size(depth), 1.0F, left.values, size(left.row_length), right.values,
              size(right.row_length), 0.0F, product, size(columns));
}

void add_bias_relu(float* outputs, const float* bias, std::size_t rows, std::size_t columns,
                   bool is_last) {
  for (std::size_t row = 0; row < rows; ++row, outputs += columns) {
    for (std::size_t i = 0; i < columns; ++i) {
      const float sum = outputs[i] + bias[i];
      outputs[i] = is_last ? sum : relu(sum);
    }
  }
}

void sum_rows(const float* values, std::size_t rows, std::size_t columns, float* sums) {
  std::fill_n(sums, columns, 0.0F);
  for (std::size_t row = 0; row < rows; ++row, values += columns) {
    for (std::size_t i = 0; i < columns; ++i) {
      sums[i] += values[i];
    }
  }
}

}  // namespace

CpuEngine::CpuEngine(EngineSettings settings)
    : settings_(std::move(settings)),
      state_(initial_state(settings_.network, 0)),
      gradients_(settings_.network.arena_size()) {}

std::string CpuEngine::device() const {
  return fmt::format("CPU: {}, {} thread{}, OpenBLAS ({})", cpu_model(), settings_.threads,
                     settings_.threads == 1 ? "" : "s", openblas_get_corename());
}

void CpuEngine::reserve(std::size_t rows) {
  if (rows <= rows_) {
    return;
  }
  activations_.assign(1, std::vector<float>(rows * settings_.network.inputs()));
  deltas_.clear();
  for (const DenseLayer& layer : settings_.network.layers()) {
    activations_.emplace_back(rows * layer.outputs);
    deltas_.emplace_back(rows * layer.outputs);
  }
  rows_ = rows;
}

void CpuEngine::share_work(std::size_t rows) const {
  // OpenBLAS's threads wait by spinning. On two cores of an AMD EPYC the baseline's products of 32
  // rows (6 MFLOP the largest) took 480 us a step with one thread and 550 with two, and 34000 with
  // two while other programs were busy.
  constexpr std::size_t kWorthSharing = 50'000'000;
  std::size_t largest = 0;
  for (const DenseLayer& layer : settings_.network.layers()) {
    largest = std::max(largest, 2 * rows * layer.weight.size);
  }
  openblas_set_num_threads(largest < kWorthSharing ? 1 : static_cast<int>(settings_.threads));
}

void CpuEngine::forward(const DataView& data, std::span<const std::uint32_t> batch) {
  reserve(batch.size());
  share_work(batch.size());
  float* input = activations_.front().data();
  for (const std::uint32_t index : batch) {
    input = std::ranges::transform(data.image(index), input, normalize<float>).out;
  }
  const auto layers = settings_.network.layers();
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const DenseLayer& layer = layers[l];
    float* outputs = activations_[l + 1].data();
    const Matrix inputs{activations_[l].data(), layer.inputs};
    const Matrix weight{state_.parameters.data() + layer.weight.offset, layer.inputs, CblasTrans};
    multiply(batch.size(), layer.outputs, layer.inputs, inputs, weight, outputs);
    add_bias_relu(outputs, state_.parameters.data() + layer.bias.offset, batch.size(),
                  layer.outputs, l + 1 == layers.size());
  }
}

void CpuEngine::backward(const DataView& data, std::span<const std::uint32_t> batch,
                         RunningMetrics& metrics) {
  const auto layers = settings_.network.layers();
  const std::size_t classes = settings_.network.classes();
  const float scale = 1.0F / static_cast<float>(batch.size());
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const float* logits = activations_.back().data() + row * classes;
    const std::size_t label = data.labels[batch[row]];
    metrics.loss_sum += static_cast<double>(softmax_cross_entropy(
        logits, classes, label, scale, deltas_.back().data() + row * classes));
    metrics.correct += argmax(logits, classes) == label ? 1 : 0;
  }
  metrics.samples += batch.size();

  for (std::size_t l = layers.size(); l-- > 0;) {
    const DenseLayer& layer = layers[l];
    const float* delta = deltas_[l].data();
    multiply(layer.outputs, layer.inputs, batch.size(), {delta, layer.outputs, CblasTrans},
             {activations_[l].data(), layer.inputs}, gradients_.data() + layer.weight.offset);
    sum_rows(delta, batch.size(), layer.outputs, gradients_.data() + layer.bias.offset);
    if (l > 0) {
      std::vector<float>& input_delta = deltas_[l - 1];
      multiply(batch.size(), layer.inputs, layer.outputs, {delta, layer.outputs},
               {state_.parameters.data() + layer.weight.offset, layer.inputs}, input_delta.data());
      for (std::size_t i = 0; i < batch.size() * layer.inputs; ++i) {
        input_delta[i] = relu_gradient(activations_[l][i], input_delta[i]);
      }
    }
  }
}

void CpuEngine::update() {
  const auto step = adam_step<float>(settings_.adam, ++state_.step);
  const float* gradient = gradients_.data();
  float* parameter = state_.parameters.data();
  float* first_moment = state_.first_moments.data();
  float* second_moment = state_.second_moments.data();
  for (std::size_t i = 0; i < gradients_.size(); ++i) {
    adam_update(step, gradient[i], parameter[i], first_moment[i], second_moment[i]);
  }
}

void CpuEngine::train(const DataView& data, std::span<const std::uint32_t> order,
                      RunningMetrics& metrics, const StepCallback& keep_going) {
  while (metrics.samples < order.size()) {
    const std::size_t left = order.size() - metrics.samples;
    const auto batch = order.subspan(metrics.samples, std::min(settings_.batch_size, left));
    forward(data, batch);
    backward(data, batch, metrics);
    update();
    if (!keep_going(metrics)) {
      return;
    }
  }
}

std::vector<float> CpuEngine::gradients(const DataView& data,
                                        std::span<const std::uint32_t> batch) {
  RunningMetrics metrics;
  forward(data, batch);
  backward(data, batch, metrics);
  return gradients_;
}

std::vector<float> CpuEngine::predict(const DataView& data,
                                      std::span<const std::uint32_t> indices) {
  constexpr std::size_t kRows = 512;  // enough for a good matrix product, small beside the cache
  const std::size_t classes = settings_.network.classes();
  std::vector<float> probabilities(indices.size() * classes);
  for (std::size_t first = 0; first < indices.size(); first += kRows) {
    const auto batch = indices.subspan(first, std::min(kRows, indices.size() - first));
    forward(data, batch);
    for (std::size_t row = 0; row < batch.size(); ++row) {
      softmax(activations_.back().data() + row * classes, classes,
              probabilities.data() + (first + row) * classes);
    }
  }
  return probabilities;
}

}  // namespace qmnist
