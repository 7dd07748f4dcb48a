// Every mapping of EMNIST's labels is read or refused as bad data.
#include <cstddef>
#include <cstdint>

#include "host/data/emnist.h"
#include "host/error.h"
#include "tests/fuzz/input_file.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const qmnist::fuzz::InputFile file(data, size);
  try {
    (void)qmnist::read_emnist_mapping(file.path(), {.first = 1, .count = 3});
  } catch (const qmnist::DataError&) {  // refused, as it should be
  }
  return 0;
}
