// Every pickle is read as Kaggle's file or refused as bad data.
#include <cstddef>
#include <cstdint>

#include "host/data/pickle.h"
#include "host/error.h"
#include "tests/fuzz/input_file.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const qmnist::fuzz::InputFile file(data, size);
  try {
    (void)qmnist::read_kaggle_pickle(file.path());
  } catch (const qmnist::DataError&) {  // refused, as it should be
  }
  return 0;
}
