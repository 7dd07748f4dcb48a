#include "host/image/png.h"

#include <openssl/evp.h>

// The library is one header; warnings in it are its own.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace qmnist {

std::string encode_png(const GreyImage& image) {
  std::string bytes;
  const auto append = [](void* context, void* data, int size) {
    static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                               static_cast<std::size_t>(size));
  };
  stbi_write_png_to_func(append, &bytes, static_cast<int>(image.width),
                         static_cast<int>(image.height), 1, image.pixels.data(),
                         static_cast<int>(image.width));
  return bytes;
}

std::string png_data_uri(std::string_view png) {
  std::string base64((png.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a zero
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                     reinterpret_cast<const unsigned char*>(png.data()),
                                     static_cast<int>(png.size()));
  base64.resize(static_cast<std::size_t>(length));
  return "data:image/png;base64," + base64;
}

}  // namespace qmnist
