#include "host/engines/cuda/device_network.h"

#include "host/engines/cuda/cublas_network.h"
#include "host/engines/cuda/fixed_order_network.h"

namespace qmnist::cuda {

std::unique_ptr<DeviceNetwork> make_device_network(const EngineSettings& settings,
                                                   std::size_t max_rows, cudaStream_t stream,
                                                   NetworkBlocks& blocks, DeviceWorld* world) {
  if (settings.kernels == Kernels::kFixedOrder) {
    return std::make_unique<FixedOrderNetwork>(settings, max_rows, stream, blocks, world);
  }
  return std::make_unique<CublasNetwork>(settings, max_rows, stream, blocks);
}

}  // namespace qmnist::cuda
