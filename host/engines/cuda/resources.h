#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <utility>

#include "host/engines/cuda/cuda_check.h"

// Owners of everything that CUDA and cuBLAS hand out. They throw DeviceError where a resource
// cannot be had, and give it back in silence.

namespace qmnist::cuda {

/// Keeps stream captures apart from calls that wait for the whole device, which would invalidate a
/// capture in another thread: held alone during a capture, shared during such a call. Freeing
/// memory and cublasDestroy() wait for the device; allocating may.
/// Source: CUDA C++ Programming Guide, Prohibited and Unhandled Operations (of stream capture)
inline std::shared_mutex capture_mutex;

template <auto kDestroy>
struct Destroyer {
  template <typename T>
  void operator()(T* resource) const noexcept {
    const std::shared_lock no_capture(capture_mutex);
    (void)kDestroy(resource);
  }
};

using Stream = std::unique_ptr<CUstream_st, Destroyer<cudaStreamDestroy>>;
using Event = std::unique_ptr<CUevent_st, Destroyer<cudaEventDestroy>>;
using Graph = std::unique_ptr<CUgraph_st, Destroyer<cudaGraphDestroy>>;
using GraphExec = std::unique_ptr<CUgraphExec_st, Destroyer<cudaGraphExecDestroy>>;
using CublasHandle = std::unique_ptr<cublasContext, Destroyer<cublasDestroy>>;

/// A stream that does not wait for the default stream.
[[nodiscard]] inline Stream make_stream() {
  cudaStream_t stream = nullptr;
  QMNIST_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return Stream(stream);
}

/// An event without time stamps. While it was never recorded, waiting for it returns at once.
[[nodiscard]] inline Event make_event() {
  cudaEvent_t event = nullptr;
  QMNIST_CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  return Event(event);
}

[[nodiscard]] inline CublasHandle make_cublas_handle() {
  const std::shared_lock no_capture(capture_mutex);
  cublasHandle_t handle = nullptr;
  QMNIST_CHECK(cublasCreate(&handle));
  return CublasHandle(handle);
}

/// Memory for cudaFree() and cudaFreeHost().
/// @throws DeviceError with the bytes requested and, on a device, those that are free
[[nodiscard]] void* allocate_device_memory(std::size_t bytes);
[[nodiscard]] void* allocate_pinned_memory(std::size_t bytes);

/// Uninitialised memory of the current device, 256-byte aligned.
template <typename T>
class DeviceBuffer {
 public:
  explicit DeviceBuffer(std::size_t count)
      : memory_(static_cast<T*>(allocate_device_memory(count * sizeof(T)))), size_(count) {}
  [[nodiscard]] T* data() { return memory_.get(); }
  [[nodiscard]] const T* data() const { return memory_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return size_ * sizeof(T); }

 private:
  std::unique_ptr<T, Destroyer<cudaFree>> memory_;
  std::size_t size_;
};

/// Uninitialised host memory that the device copies from and to while the host goes on.
template <typename T>
class PinnedBuffer {
 public:
  explicit PinnedBuffer(std::size_t count)
      : memory_(static_cast<T*>(allocate_pinned_memory(count * sizeof(T)))), size_(count) {}
  [[nodiscard]] T* data() { return memory_.get(); }
  [[nodiscard]] std::span<T> span() { return {memory_.get(), size_}; }

 private:
  std::unique_ptr<T, Destroyer<cudaFreeHost>> memory_;
  std::size_t size_;
};

/// Captures the work that is enqueued on a stream into a graph, instead of running it. One thread
/// captures at a time; until its capture ends, it must not allocate or free what this file owns.
class StreamCapture {
 public:
  explicit StreamCapture(cudaStream_t stream) : stream_(stream) {
    // Relaxed, as cuBLAS may load a kernel or ask for memory.
    QMNIST_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
  }
  StreamCapture(const StreamCapture&) = delete;
  StreamCapture& operator=(const StreamCapture&) = delete;
  StreamCapture(StreamCapture&&) = delete;
  StreamCapture& operator=(StreamCapture&&) = delete;
  ~StreamCapture() {
    if (alone_.owns_lock()) {  // an error came between
      cudaGraph_t graph = nullptr;
      (void)cudaStreamEndCapture(stream_, &graph);
      alone_.unlock();
      (void)Graph(graph);
    }
  }

  /// Ends the capture, makes its graph ready to launch, and enqueues its upload to the device.
  [[nodiscard]] GraphExec finish() {
    cudaGraph_t captured = nullptr;
    const cudaError_t status = cudaStreamEndCapture(stream_, &captured);
    alone_.unlock();
    const Graph graph(captured);
    check_device_call(status, "cudaStreamEndCapture", __FILE__, __LINE__);
    cudaGraphExec_t executable = nullptr;
    QMNIST_CHECK(cudaGraphInstantiate(&executable, graph.get(), 0));
    GraphExec owner(executable);
    QMNIST_CHECK(cudaGraphUpload(executable, stream_));
    return owner;
  }

 private:
  std::unique_lock<std::shared_mutex> alone_{capture_mutex};
  cudaStream_t stream_;
};

}  // namespace qmnist::cuda
