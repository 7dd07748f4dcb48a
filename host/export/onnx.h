#pragma once

#include <map>
#include <string>

#include "host/model/model.h"

namespace qmnist {

/// The type of an ONNX model's input `image`. Both hold grey levels, 0 for the background and 255
/// for white ink.
enum class OnnxInput {
  kUint8,    ///< [N, 28, 28]
  kFloat32,  ///< [N, 1, 28, 28], as cv2.dnn.blobFromImage and others that want floats make it
};

/// A model as the bytes of an ONNX file: operator set 13, IR version 7, which ONNX Runtime reads
/// since 1.6. Output `probabilities` is float32 [N, 10]. Scaling to 0..1 and softmax are part of
/// the graph.
/// Format: https://github.com/onnx/onnx/blob/main/docs/IR.md
/// @param metadata more key-value pairs of the file beside `labels` and `preprocessing`
/// @throws UsageError where the weights take more than the 2 GB that such a file can hold.
[[nodiscard]] std::string to_onnx(const Model& model, OnnxInput input = OnnxInput::kUint8,
                                  const std::map<std::string, std::string>& metadata = {});

}  // namespace qmnist
