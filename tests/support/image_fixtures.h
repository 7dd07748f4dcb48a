#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/dataset.h"
#include "host/image/png.h"
#include "tests/support/support.h"

namespace qmnist::test {

inline std::filesystem::path image_fixture(std::string_view name) {
  return source_dir() / "tests/fixtures/image" / name;
}

/// What OpenCV says of each picture there; make_images.py says in which fields.
inline std::vector<nlohmann::json> image_vectors() {
  return nlohmann::json::parse(read_file(image_fixture("images.json"))).at("images");
}

inline std::span<const std::uint8_t> bytes_of(const std::string& content) {
  return {reinterpret_cast<const std::uint8_t*>(content.data()), content.size()};
}

/// A binary PGM file.
inline std::string pgm(std::size_t width, std::size_t height,
                       const std::vector<std::uint8_t>& pixels) {
  return "P5 " + std::to_string(width) + " " + std::to_string(height) + " 255\n" +
         std::string(pixels.begin(), pixels.end());
}

/// Random grey levels of 28 x 28 pixels.
inline std::vector<std::uint8_t> random_levels(std::uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<std::uint8_t> levels(kPixels);
  for (std::uint8_t& level : levels) {
    level = static_cast<std::uint8_t>(generator() % 256);
  }
  return levels;
}

/// A PNG file of 28 x 28 grey levels.
inline std::string grey_png(std::span<const std::uint8_t> levels) {
  return encode_png({kImageSide, kImageSide, {levels.begin(), levels.end()}});
}

}  // namespace qmnist::test
