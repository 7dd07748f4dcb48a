// Every .npy file is read, as images and as labels, or refused as bad data.
#include <cstddef>
#include <cstdint>

#include "host/data/npy.h"
#include "host/error.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qmnist;
  try {
    const numpy::Array array = numpy::parse_npy({data, size}, "input");
    try {
      (void)numpy::to_pixels(array);
    } catch (const DataError&) {  // NOLINT(bugprone-empty-catch): then it may be labels
    }
    (void)numpy::to_labels(array, array.shape.empty() ? 0 : array.shape[0], {});
  } catch (const DataError&) {  // refused, as it should be
  }
  return 0;
}
