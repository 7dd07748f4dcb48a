// Every CSV file, plain or gzip-compressed, is read or refused as bad data, with labels or without.
#include <cstddef>
#include <cstdint>
#include <string>

#include "host/data/csv.h"
#include "host/error.h"

namespace {

template <typename Read>
void read_or_refuse(const std::uint8_t* data, std::size_t size, const Read& read) {
  try {
    qmnist::ByteReader file(std::string(reinterpret_cast<const char*>(data), size), "input");
    (void)read(file);
  } catch (const qmnist::DataError&) {  // refused, as it should be
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_or_refuse(data, size, [](auto& file) { return qmnist::read_csv(file, {}); });
  read_or_refuse(data, size, qmnist::read_unlabelled_csv);
  return 0;
}
