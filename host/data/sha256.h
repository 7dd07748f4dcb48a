#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace qmnist {

/// SHA-256 of bytes that come piece by piece.
class Sha256 {
 public:
  /// @throws std::bad_alloc
  Sha256();
  void add(std::span<const std::byte> bytes);
  /// The digest in lower-case hexadecimal; to be called once.
  [[nodiscard]] std::string digest();

 private:
  struct FreeContext {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, FreeContext> context_;
};

/// SHA-256 of bytes, in lower-case hexadecimal.
[[nodiscard]] std::string sha256_of(std::string_view bytes);

/// SHA-256 of a file's bytes, in lower-case hexadecimal.
/// @throws DataError where the file cannot be read.
[[nodiscard]] std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace qmnist
