#pragma once

#include <string_view>

#include "host/error.h"

namespace qmnist {

/// Throws the UsageError of a part that was left out of this build.
/// @param lacks  "writes no ONNX files"
/// @param needs  the libraries to install
/// @param option the CMake option that adds the part
[[noreturn]] inline void throw_missing_part(std::string_view lacks, std::string_view needs,
                                            std::string_view option) {
  throw UsageError("this build {}; install {} (scripts/setup does) and build again with {}=ON",
                   lacks, needs, option);
}

}  // namespace qmnist
