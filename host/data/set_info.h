#pragma once

#include <string>

#include "host/data/class_names.h"

namespace qmnist {

/// What the program knows of a data set.
struct SetInfo {
  std::string name;         ///< for people
  ClassNames classes = {};  ///< empty where only the labels tell them
};

}  // namespace qmnist
