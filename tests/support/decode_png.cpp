#include "tests/support/decode_png.h"

#include <glib.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

// The library is one header; warnings in it are its own.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace qmnist::test {

Picture decode_png(std::string_view bytes) {
  int width = 0;
  int height = 0;
  int channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> levels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()),
                            static_cast<int>(bytes.size()), &width, &height, &channels, 3),
      &stbi_image_free);
  if (!levels) {
    throw std::runtime_error(std::string("no PNG: ") + stbi_failure_reason());
  }
  Picture picture{.width = static_cast<std::size_t>(width),
                  .height = static_cast<std::size_t>(height),
                  .channels = static_cast<std::size_t>(channels),
                  .pixels = {}};
  picture.pixels.resize(picture.width * picture.height);
  std::memcpy(picture.pixels.data(), levels.get(), picture.pixels.size() * sizeof(Rgb));
  return picture;
}

Picture decode_data_uri(std::string_view uri) {
  constexpr std::string_view kStart = "data:image/png;base64,";
  if (!uri.starts_with(kStart)) {
    throw std::runtime_error("no data URI of a PNG");
  }
  gsize size = 0;
  const std::unique_ptr<guchar, decltype(&g_free)> bytes(
      g_base64_decode(std::string(uri.substr(kStart.size())).c_str(), &size), &g_free);
  return decode_png({reinterpret_cast<const char*>(bytes.get()), size});
}

}  // namespace qmnist::test
