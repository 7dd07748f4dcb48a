#pragma once

#include <nvtx3/nvToolsExt.h>

namespace qmnist::cuda {

/// A named range on the time line of a profiler such as Nsight Systems, while it lives. By NVTX's C
/// header, as its C++ header comes with the CUDA Toolkit since 12.9 only.
class NvtxRange {
 public:
  explicit NvtxRange(const char* name) { nvtxRangePushA(name); }
  NvtxRange(const NvtxRange&) = delete;
  NvtxRange& operator=(const NvtxRange&) = delete;
  NvtxRange(NvtxRange&&) = delete;
  NvtxRange& operator=(NvtxRange&&) = delete;
  ~NvtxRange() { nvtxRangePop(); }
};

}  // namespace qmnist::cuda
