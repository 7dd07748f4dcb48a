#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "host/engines/engine.h"

namespace qmnist::test {

/// Soft labels that depend on image and step.
class SmallTeacher final : public SoftLabels {
 public:
  SmallTeacher(std::size_t classes, std::size_t batch_size)
      : classes_(classes), batch_size_(batch_size) {}

  [[nodiscard]] std::vector<float> of_steps(const DataView& /*data*/,
                                            std::span<const std::uint32_t> order,
                                            std::uint64_t step) override {
    std::vector<float> labels(order.size() * classes_, 0.25F / static_cast<float>(classes_));
    for (std::size_t i = 0; i < order.size(); ++i) {
      labels[i * classes_ + (order[i] + step + i / batch_size_) % classes_] += 0.5F;
      labels[i * classes_ + order[i] % classes_] += 0.25F;
    }
    return labels;
  }

 private:
  std::size_t classes_;
  std::size_t batch_size_;
};

}  // namespace qmnist::test
