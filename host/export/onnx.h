#pragma once

#include <string>

#include "host/model/model.h"

namespace qmnist {

/// A model as the bytes of an ONNX file: operator set 13, IR version 7, which ONNX Runtime reads
/// since 1.6. Input `image` uint8 [N, 28, 28], grey levels 0..255; output `probabilities`
/// float32 [N, 10]. Scaling to 0..1 and softmax are part of the graph.
/// Format: https://github.com/onnx/onnx/blob/main/docs/IR.md
/// @throws UsageError where the weights take more than the 2 GB that such a file can hold.
[[nodiscard]] std::string to_onnx(const Model& model);

}  // namespace qmnist
