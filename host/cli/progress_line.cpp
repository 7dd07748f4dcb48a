#include "host/cli/progress_line.h"

#include <cstdio>
#include <utility>

namespace qmnist {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";

void draw(const std::string& text) {
  (void)std::fputs(text.c_str(), stderr);
}

}  // namespace

void ProgressLine::show(const std::string& text) {
  if (is_shown_) {
    draw(kClearLine + text);
    is_drawn_ = true;
  }
}

void ProgressLine::clear() {
  if (std::exchange(is_drawn_, false)) {
    draw(kClearLine);
  }
}

}  // namespace qmnist
