// Every model file is read or refused as bad data.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/error.h"
#include "host/model/model.h"
#include "host/model/safetensors.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  try {
    (void)qmnist::to_model(qmnist::parse_safetensors(content, "input"), "input");
  } catch (const qmnist::DataError&) {  // refused, as it should be
  }
  return 0;
}
