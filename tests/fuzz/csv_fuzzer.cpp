// Every CSV file, plain or gzip-compressed, is read or refused as bad data.
#include <cstddef>
#include <cstdint>
#include <string>

#include "host/data/csv.h"
#include "host/error.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    qmnist::ByteReader file(std::string(reinterpret_cast<const char*>(data), size), "input");
    (void)qmnist::read_csv(file);
  } catch (const qmnist::DataError&) {  // refused, as it should be
  }
  return 0;
}
