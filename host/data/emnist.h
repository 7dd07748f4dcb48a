#pragma once

#include <filesystem>
#include <vector>

#include "host/data/file_sets.h"
#include "host/data/label.h"

namespace qmnist {

/// EMNIST's six sets, with the names that their classes have where no mapping lies beside them. In
/// all of them x and y of the images are exchanged; the labels of the letters are 1 to 26.
/// Source: Cohen, Afshar, Tapson and van Schaik, EMNIST: an extension of MNIST to handwritten
/// letters, https://arxiv.org/abs/1702.05373
[[nodiscard]] std::vector<FileSet> emnist_sets();

/// Reads the names of classes from emnist-SPLIT-mapping.txt: lines of a label and the code point of
/// its character; of letters, those of the upper case, which is the name, and of the lower case.
/// @throws DataError naming file, line and expectation; each label has one line and a printable
///   ASCII character of its own
[[nodiscard]] ClassNames read_emnist_mapping(const std::filesystem::path& path,
                                             const LabelRange& labels);

}  // namespace qmnist
