#include "host/data/sha256.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <vector>

#include "host/error.h"

namespace qmnist {
namespace {

void check(int result) {
  if (result != 1) {
    throw std::runtime_error("libcrypto refuses to compute a SHA-256");
  }
}

}  // namespace

void Sha256::FreeContext::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::add(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::digest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), &size));
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

std::string sha256_of_file(const std::filesystem::path& path) {
  Sha256 sum;
  std::ifstream file(path, std::ios::binary);
  constexpr std::size_t kBlock = 1 << 20;
  std::vector<char> block(kBlock);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    sum.add(std::as_bytes(std::span(block)).first(static_cast<std::size_t>(file.gcount())));
  }
  if (!file.eof()) {
    throw DataError("{}: cannot be read to compute its SHA-256", path.string());
  }
  return sum.digest();
}

}  // namespace qmnist
