#include "host/export/exporters.h"
#include "host/missing_part.h"

namespace qmnist {

std::string export_npz(const Model& /*any*/, const RunMetadata& /*any*/) {
  throw_missing_part("writes no npz files", "libzip", "QMNIST_NPZ");
}

}  // namespace qmnist
