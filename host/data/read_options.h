#pragma once

#include <cstddef>
#include <functional>

#include "host/data/set_info.h"

namespace qmnist {

/// Receives that so many files of `count` were read, where there are many; from any thread, calls
/// do not overlap.
using OnFilesRead = std::function<void(std::size_t done, std::size_t count)>;

/// How a data set is read.
struct ReadOptions {
  FileForm form = {};              ///< of a set that the program does not know
  OnFilesRead on_files_read = {};  ///< may be empty
};

}  // namespace qmnist
