#include "host/run/run_writer.h"

#include <system_error>
#include <utility>

#include "host/error.h"

namespace qmnist {

RunWriter::RunWriter(Functions functions) : functions_(std::move(functions)) {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    throw UsageError(
        "the thread that writes checkpoints cannot be started: {}; raise the limit of processes "
        "(ulimit -u) or of memory",
        error.code().message());
  }
}

RunWriter::~RunWriter() {
  stop();
}

void RunWriter::append(const EpochMetrics& metrics) {
  {
    const std::lock_guard lock(mutex_);
    throw_error();
    epochs_.push_back(metrics);
  }
  wake_.notify_one();
}

void RunWriter::save(const Checkpoint& checkpoint) {
  {
    const std::lock_guard lock(mutex_);
    throw_error();
    try {
      waiting_ = checkpoint;  // into the memory of the one that it replaces
    } catch (...) {
      waiting_.reset();  // it may be a mixture of both
      throw;
    }
  }
  wake_.notify_one();
}

void RunWriter::finish() {
  stop();
  throw_error();
}

void RunWriter::stop() {
  if (!thread_.joinable()) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void RunWriter::throw_error() {
  if (error_) {
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
}

void RunWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return ends_ || waiting_ || !epochs_.empty(); });
    if (!waiting_ && epochs_.empty()) {
      return;
    }
    {
      const auto epochs = std::exchange(epochs_, {});
      const auto checkpoint = std::exchange(waiting_, std::nullopt);
      lock.unlock();
      write(epochs, checkpoint);
    }
    lock.lock();
  }
}

/// Metrics first: they are little, and people watch the files.
void RunWriter::write(const std::vector<EpochMetrics>& epochs,
                      const std::optional<Checkpoint>& checkpoint) {
  for (const EpochMetrics& metrics : epochs) {
    keep_error_of([&] { functions_.append_metrics(metrics); });
  }
  if (checkpoint) {
    keep_error_of([&] { functions_.write_checkpoint(*checkpoint); });
  }
}

template <typename Function>
void RunWriter::keep_error_of(const Function& function) {
  try {
    function();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!error_) {
      error_ = std::current_exception();
    }
  }
}

}  // namespace qmnist
