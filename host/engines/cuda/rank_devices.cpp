#include "host/engines/cuda/rank_devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/engines/cuda/cuda_device.h"
#include "host/engines/cuda/nccl/nccl_library.h"
#include "host/error.h"
#include "host/own_library.h"
#include "host/world/local_rank.h"

namespace qmnist::cuda {
namespace {

const NcclLibrary& load_nccl() {
  if constexpr (!QMNIST_HAS_NCCL) {
    throw DeviceError(
        "several ranks need NCCL, without which this program was built; install it and build again "
        "(docs/cluster.md)");
  }
  try {
    static const void* const symbol = load_own_library("libqmnist_nccl.so", "qmnist_nccl_library");
    return *static_cast<const NcclLibrary*>(symbol);
  } catch (const LibraryError& error) {
    throw DeviceError(
        "NCCL cannot be loaded ({}); install it, or add its folder to LD_LIBRARY_PATH",
        error.what());
  }
}

/// The texts of all ranks, in their order.
std::vector<std::string> gather_texts(World& world, std::string_view here) {
  const std::vector<std::size_t> sizes = gather_values(world, here.size());
  std::string all;
  for (std::size_t rank = 0; rank < world.size(); ++rank) {
    all.append(rank == world.rank() ? here : std::string(sizes[rank], ' '));
  }
  world.all_gather(std::as_writable_bytes(std::span(all)), sizes);
  std::vector<std::string> texts;
  std::size_t first = 0;
  for (const std::size_t size : sizes) {
    texts.push_back(all.substr(first, size));
    first += size;
  }
  return texts;
}

std::size_t index_of(const LocalRank& local) {
  const std::size_t devices = count_cuda_devices();
  if (devices > 1 && local.rank >= devices) {
    throw DeviceError("{} ranks are on a machine where they see {} GPUs; start at most as many",
                      local.ranks, devices);
  }
  return devices == 1 ? 0 : local.rank;
}

/// Where two ranks have the same GPU, which NCCL refuses later and in fewer words.
void check_distinct(std::span<const std::string> uuids) {
  for (std::size_t rank = 0; rank < uuids.size(); ++rank) {
    const auto first = std::ranges::find(uuids, uuids[rank]) - uuids.begin();
    if (first != static_cast<std::ptrdiff_t>(rank)) {
      throw DeviceError("ranks {} and {} see the same GPU; start one rank for each GPU", first,
                        rank);
    }
  }
}

}  // namespace

std::size_t device_of_rank(World& world) {
  const LocalRank local = local_rank(world);
  std::size_t index = 0;
  std::string uuid;
  std::string obstacle;
  try {
    index = index_of(local);
    uuid = cuda_device_uuid(index);
  } catch (const DeviceError& error) {
    obstacle = fmt::format("rank {}: {}", world.rank(), error.what());
  }
  for (const std::string& of_rank : gather_texts(world, obstacle)) {
    if (!of_rank.empty()) {
      throw DeviceError("{}", of_rank);
    }
  }
  check_distinct(gather_texts(world, uuid));
  return index;
}

std::string obstacle_to_ranks() {
  try {
    (void)load_nccl();
    return "";
  } catch (const DeviceError& error) {
    return error.what();
  }
}

std::unique_ptr<DeviceWorld> join_on_devices(World& world, cudaStream_t stream) {
  return load_nccl().join(world, stream);
}

}  // namespace qmnist::cuda
