#pragma once

#include <string>

#include "host/model/model.h"

namespace qmnist {

/// A model as a C++17 header that needs nothing but the standard library: the weights, to the bit,
/// and `qmnist_model::predict(pixels)`, which gives the ten probabilities of an image.
/// @param model whose values are all finite, as read_model gives it
[[nodiscard]] std::string to_cpp_header(const Model& model);

}  // namespace qmnist
