#pragma once

#include <string>
#include <vector>

#include "host/data/dataset.h"

namespace qmnist {

/// Digits of a data set that are worth a result of their own.
struct DigitGroup {
  std::string name;
  std::vector<bool> members;  ///< [dataset.count()]
};

/// The groups that a data set's origin gives: its training file; its test file's first 10,000
/// digits (MNIST's) and the rest (QMNIST's alone); and, where QMNIST's labels lie beside the data
/// and agree with it, the forms of NIST's Special Database 19 that the digits were written on.
/// hsf_4 was filled in by high-school students, the others by employees of the Census Bureau.
///
/// MNIST's digits are QMNIST's first ones in each file, so the forms are known for MNIST, too.
/// Source: https://github.com/facebookresearch/qmnist (The QMNIST extended labels)
/// @throws DataError where such labels are there and damaged
[[nodiscard]] std::vector<DigitGroup> digit_groups(const Dataset& dataset);

}  // namespace qmnist
