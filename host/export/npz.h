#pragma once

#include <string>

#include "host/model/model.h"

namespace qmnist {

/// A model as the bytes of a NumPy .npz file: its tensors as float32 arrays, in arena order, by the
/// names that its safetensors file gives them. The same model always gives the same bytes.
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
[[nodiscard]] std::string to_npz(const Model& model);

}  // namespace qmnist
