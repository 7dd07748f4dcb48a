#include "host/world/world.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace qmnist {
namespace {

class Alone final : public World {
 public:
  [[nodiscard]] std::size_t rank() const override { return 0; }
  [[nodiscard]] std::size_t size() const override { return 1; }
  void all_to_all(std::span<const std::byte> sent, std::span<const std::size_t> /*sent_bytes*/,
                  std::span<std::byte> received,
                  std::span<const std::size_t> /*received_bytes*/) override {
    std::ranges::copy(sent, received.begin());
  }
  void all_gather(std::span<std::byte> /*parts*/, std::span<const std::size_t> /*bytes*/) override {
  }
  void broadcast(std::span<std::byte> /*bytes*/) override {}
  [[nodiscard]] std::unique_ptr<TaskQueue> make_task_queue(TaskQueue::OnReport on_report) override {
    return make_own_task_queue(std::move(on_report));
  }
  void abort(int /*status*/) noexcept override {}
};

}  // namespace

bool World::any(bool here) {
  if (size() == 1) {
    return here;
  }
  const std::vector<char> everywhere = gather_values(*this, here ? '\1' : '\0');
  return std::ranges::find(everywhere, '\1') != everywhere.end();
}

std::string broadcast(World& world, std::string text) {
  std::uint64_t size = text.size();
  world.broadcast(std::as_writable_bytes(std::span(&size, 1)));
  text.resize(size);
  world.broadcast(std::as_writable_bytes(std::span(text)));
  return text;
}

World& alone() {
  static Alone world;
  return world;
}

}  // namespace qmnist
