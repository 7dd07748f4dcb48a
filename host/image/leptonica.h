#pragma once

#include <leptonica/allheaders.h>

#include <memory>

namespace qmnist {

struct DestroyPix {
  void operator()(PIX* pix) const { pixDestroy(&pix); }
};
/// An image of Leptonica's.
using PixPtr = std::unique_ptr<PIX, DestroyPix>;

/// Keeps Leptonica from printing to standard error; its calls report failure by what they return.
/// Every use of the library comes after a call of this.
inline void silence_leptonica() {
  [[maybe_unused]] static const bool is_silent = [] {
    setMsgSeverity(L_SEVERITY_NONE);
    leptSetStderrHandler([](const char*) {});  // for what it prints at any severity
    return true;
  }();
}

}  // namespace qmnist
