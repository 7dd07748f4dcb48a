#pragma once

#include <string>
#include <vector>

#include "host/data/dataset.h"

namespace qmnist {

/// Samples of a data set that get a result of their own.
struct SampleGroup {
  std::string name;
  std::vector<bool> members;  ///< [dataset.count()]
};

/// The groups that a data set's origin gives: its training file; the first 10,000 images of its
/// test file (MNIST's) and the rest (QMNIST's alone); and, where it is MNIST or QMNIST and QMNIST's
/// labels are in the same folder and agree with the data, the forms of NIST's Special Database 19
/// that were filled in: hsf_4 by high-school students, the others by employees of the Census
/// Bureau.
///
/// MNIST's images are QMNIST's first ones in each file, so the forms are known for MNIST, too.
/// Source: https://github.com/facebookresearch/qmnist (The QMNIST extended labels)
/// @throws DataError where such labels are there and damaged
[[nodiscard]] std::vector<SampleGroup> sample_groups(const Dataset& dataset);

}  // namespace qmnist
