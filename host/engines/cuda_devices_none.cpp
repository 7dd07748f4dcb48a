#include "host/engines/cuda_devices.h"

namespace qmnist {

std::string cuda_obstacle() {
  return "this program was built without CUDA";
}

}  // namespace qmnist
