#pragma once

#include <cstddef>

namespace qmnist {

/// A part of a sequence: [begin, end).
struct Range {
  std::size_t begin;
  std::size_t end;
  [[nodiscard]] constexpr std::size_t size() const { return end - begin; }
};

/// The pieces of `count` that one of several workers does; pieces are shared out evenly.
[[nodiscard]] constexpr Range share(std::size_t count, std::size_t worker, std::size_t workers) {
  return {count * worker / workers, count * (worker + 1) / workers};
}

}  // namespace qmnist
