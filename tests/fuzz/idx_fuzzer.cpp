// Every IDX file, plain or gzip-compressed, is read or refused as bad data.
#include <cstddef>
#include <cstdint>

#include "host/data/idx.h"
#include "host/error.h"
#include "tests/fuzz/input_file.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const qmnist::fuzz::InputFile file(data, size);
  try {
    (void)qmnist::read_idx_bytes(file.path());
  } catch (const qmnist::DataError&) {  // NOLINT(bugprone-empty-catch): then it may be integers
  }
  try {
    (void)qmnist::read_idx_integers(file.path());
  } catch (const qmnist::DataError&) {  // refused, as it should be
  }
  return 0;
}
