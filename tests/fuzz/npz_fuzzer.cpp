// Every .npz file is read or refused as bad data.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/data/npz.h"
#include "host/error.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<std::string_view, 3> kKnown{"x_train", "y_train", "arr_0"};
  try {
    (void)qmnist::numpy::read_npz({data, size}, "input", kKnown);
  } catch (const qmnist::DataError&) {  // refused, as it should be
  }
  return 0;
}
