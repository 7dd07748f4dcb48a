#include "host/data/npz.h"
#include "host/missing_part.h"

namespace qmnist::numpy {

Npz read_npz(std::span<const std::uint8_t> /*any*/, std::string_view /*any*/,
             std::span<const std::string_view> /*any*/) {
  throw_missing_part("reads no npz files", "libzip", "QMNIST_NPZ");
}

}  // namespace qmnist::numpy
