#pragma once

#include <cstddef>
#include <string>

#include "host/data/class_names.h"

namespace qmnist {

/// How files hold images and labels.
struct FileForm {
  bool transposed = false;      ///< x and y of the images are exchanged
  std::size_t first_label = 0;  ///< the label of the first class
  bool operator==(const FileForm&) const = default;
};

/// What the program knows of a data set.
struct SetInfo {
  std::string name;         ///< for people
  ClassNames classes = {};  ///< empty where only the labels tell them
  FileForm form = {};
  bool is_mnist = false;  ///< as Dataset::is_mnist
};

}  // namespace qmnist
