#include "host/engines/teacher.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "host/engines/cpu/distort_image.h"
#include "host/engines/cpu/flush_denormals.h"
#include "host/share.h"
#include "kernels/softmax.h"

namespace qmnist {
namespace {

/// That of the student's rank.
std::size_t device_index(const EngineSettings& student, std::string_view device) {
  return student.ranks() > 1 ? engine_kind(device).device_of_rank(*student.world)
                             : student.device_index;
}

}  // namespace

void soften(std::span<float> probabilities, float temperature) {
  for (float& value : probabilities) {
    value = natural_log(std::max(value, std::numeric_limits<float>::min())) / temperature;
  }
  softmax(probabilities.data(), probabilities.size(), probabilities.data());
}

Teacher::Teacher(std::span<const Model> models, const EngineSettings& student,
                 std::string_view device)
    : student_(student),
      augmentation_(student.augmentation, student.seed),
      models_(models, device, device_index(student, device), student.threads),
      pool_(std::max<std::size_t>(student.threads, 1)) {}

std::vector<Teacher::Place> Teacher::own_places(std::size_t images, std::uint64_t step) const {
  std::vector<Place> places;
  for (std::size_t first = 0; first < images; first += student_.batch_size, ++step) {
    const Range rows = student_.rows_of_batch(std::min(student_.batch_size, images - first));
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      places.push_back({.in_order = first + row, .step = step, .row = row});
    }
  }
  return places;
}

std::vector<float> Teacher::of_images(const DataView& data, std::span<const std::uint32_t> order,
                                      std::span<const Place> places) {
  if (known_data_ != data.pixels.data()) {
    std::vector<std::uint32_t> all(data.labels.size());
    std::iota(all.begin(), all.end(), 0U);
    known_ = models_.predict(data, all);
    known_data_ = data.pixels.data();
  }
  std::vector<float> probabilities;
  for (const Place& place : places) {
    const auto of_image =
        std::span(known_).subspan(order[place.in_order] * models_.classes(), models_.classes());
    probabilities.insert(probabilities.end(), of_image.begin(), of_image.end());
  }
  return probabilities;
}

std::vector<float> Teacher::of_distorted(const DataView& data, std::span<const std::uint32_t> order,
                                         std::span<const Place> places) {
  std::vector<std::uint8_t> pixels(places.size() * data.features);
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    const Range mine = share(places.size(), thread, num_threads);
    for (std::size_t i = mine.begin; i < mine.end; ++i) {
      cpu::distort_image(data.image(order[places[i].in_order]).data(),
                         augmentation_.distortion(places[i].step, places[i].row),
                         augmentation_.elastic(), pixels.data() + i * data.features);
    }
  });
  return models_.predict(pixels);
}

std::vector<float> Teacher::of_steps(const DataView& data, std::span<const std::uint32_t> order,
                                     std::uint64_t step) {
  const std::vector<Place> places = own_places(order.size(), step);
  std::vector<float> probabilities =
      augmentation_.active() ? of_distorted(data, order, places) : of_images(data, order, places);
  const cpu::FlushDenormals flush;
  const std::size_t classes = models_.classes();
  std::vector<float> soft_labels(order.size() * classes);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto from = std::span(probabilities).subspan(i * classes, classes);
    soften(from, static_cast<float>(student_.teacher.temperature));
    std::ranges::copy(
        from, soft_labels.begin() + static_cast<std::ptrdiff_t>(places[i].in_order * classes));
  }
  return soft_labels;
}

}  // namespace qmnist
