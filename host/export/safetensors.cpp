#include "host/model/safetensors.h"

#include "host/export/exporters.h"

namespace qmnist {

/// The run's own file, with the metadata that other readers ask for.
std::string export_safetensors(const Model& model, const RunMetadata& /*not stored*/) {
  Safetensors content = to_content(model.network, model.parameters, model.classes);
  content.metadata["format"] = "pt";
  return serialize_safetensors(content);
}

}  // namespace qmnist
