#include "host/data/sha256.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <new>

#include "host/error.h"
#include "host/read_file.h"

namespace qmnist {
namespace {

struct FreeLibrary {
  void operator()(OSSL_LIB_CTX* library) const { OSSL_LIB_CTX_free(library); }
};
struct FreeAlgorithm {
  void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
};

template <typename T>
T* checked(T* made) {
  if (made == nullptr) {
    throw std::bad_alloc();
  }
  return made;
}

/// libcrypto has SHA-256 in every configuration, so only an allocation can fail.
void check(int result) {
  if (result != 1) {
    throw std::bad_alloc();
  }
}

/// From a context of our own: libcrypto crashes where it cannot allocate its default one.
const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<OSSL_LIB_CTX, FreeLibrary> library(checked(OSSL_LIB_CTX_new()));
  static const std::unique_ptr<EVP_MD, FreeAlgorithm> algorithm(
      checked(EVP_MD_fetch(library.get(), "SHA256", nullptr)));
  return algorithm.get();
}

}  // namespace

void Sha256::FreeContext::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(checked(EVP_MD_CTX_new())) {
  check(EVP_DigestInit_ex(context_.get(), sha256_algorithm(), nullptr));
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

std::string sha256_of(std::string_view bytes) {
  Sha256 sum;
  sum.add(std::as_bytes(std::span(bytes)));
  return sum.digest();
}

std::string sha256_of_file(const std::filesystem::path& path) {
  return sha256_of(read_file<DataError>(path, "a data file"));
}

}  // namespace qmnist
