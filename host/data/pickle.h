#pragma once

#include <filesystem>

#include "host/data/labelled_images.h"

namespace qmnist {

/// Reads a Python pickle of {"data": uint8 array [count, 28, 28], "labels": array [count, 1] or
/// [count]}, pickle protocols 2 to 5, Python 2 and 3, NumPy 1 and 2. The labels may have any
/// integer dtype; both arrays may lie in C or Fortran order.
///
/// Nothing that a pickle can run is ever run: the reader knows the opcodes and the few NumPy
/// constructors that such a file needs and builds inert values from them.
/// Format: https://docs.python.org/3/library/pickletools.html
/// @throws DataError naming file, byte offset and what was expected: a file that cannot be read
///   or is truncated, an opcode or global outside the known few (by name), dtypes and shapes that
///   do not fit, no images, labels outside 0..9, bytes after the end.
[[nodiscard]] LabelledImages read_kaggle_pickle(const std::filesystem::path& path);

}  // namespace qmnist
