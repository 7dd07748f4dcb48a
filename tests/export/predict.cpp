// Reads images of 784 bytes and writes the ten probabilities of each, as the header that
// qmnist_gpu export --format cpp wrote gives them.
#include "model.h"

#include <cstdio>

int main() {
  std::array<std::uint8_t, 784> pixels{};
  while (std::fread(pixels.data(), pixels.size(), 1, stdin) == 1) {
    const std::array<float, 10> probabilities = qmnist_model::predict(pixels.data());
    if (std::fwrite(probabilities.data(), sizeof(float), 10, stdout) != 10) {
      return 1;
    }
  }
}
