#pragma once

#include <string>

namespace qmnist {

/// A line on standard error that is replaced by the next one, and goes with its owner. For
/// terminals.
class ProgressLine {
 public:
  /// @param is_shown false: nothing is printed
  explicit ProgressLine(bool is_shown) : is_shown_(is_shown) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ProgressLine(ProgressLine&&) = delete;
  ProgressLine& operator=(ProgressLine&&) = delete;
  ~ProgressLine() { clear(); }

  void show(const std::string& text);
  void clear();

 private:
  bool is_shown_;
  bool is_drawn_ = false;
};

}  // namespace qmnist
