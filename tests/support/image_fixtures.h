#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

}  // namespace qmnist::test
