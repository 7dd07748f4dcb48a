#include "host/image/image_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "host/alternatives.h"

namespace qmnist {
namespace {

constexpr std::array<std::string_view, 11> kEndings{
    ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".gif", ".bmp", ".pbm", ".pgm", ".ppm"};

}  // namespace

bool is_image_name(const std::filesystem::path& file) {
  std::string ending = file.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::find(kEndings, ending) != kEndings.end() &&
         !file.filename().string().starts_with('.');
}

std::string no_images_in(const std::filesystem::path& folder) {
  return fmt::format("{}: contains no images; expected files that end in {}", folder.string(),
                     alternatives(kEndings));
}

}  // namespace qmnist
