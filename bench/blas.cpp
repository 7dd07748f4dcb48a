// The baseline's matrix products by the distribution's BLAS, to compare with bench/cpu's phases.
// bench/README.md says how to choose one.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

// NOLINTNEXTLINE(readability-identifier-naming): as Fortran compilers name it
extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* a_pitch,
                       const float* b, const int* b_pitch, const float* beta, float* c,
                       const int* c_pitch);

namespace {

constexpr int kBatch = 32;

/// A product of row-major matrices, c [rows, columns] = a * b over `depth`. For Fortran,
/// which is column-major, it is c^T = b^T * a^T.
struct Product {
  std::string name;
  char transpose_a;  ///< 'T': a is [depth, rows], else [rows, depth]
  char transpose_b;  ///< 'T': b is [columns, depth], else [depth, columns]
  int rows;
  int columns;
  int depth;
};

void add(const Product& product) {
  benchmark::RegisterBenchmark(product.name.c_str(), [product](benchmark::State& state) {
    const auto [name, transpose_a, transpose_b, rows, columns, depth] = product;
    const auto size = [](int height, int width) {
      return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    };
    const std::vector<float> a(size(rows, depth), 0.01F);
    const std::vector<float> b(size(depth, columns), 0.02F);
    std::vector<float> c(size(rows, columns));
    const int a_pitch = transpose_a == 'T' ? rows : depth;
    const int b_pitch = transpose_b == 'T' ? depth : columns;
    constexpr float kOne = 1;
    constexpr float kZero = 0;
    for (auto _ : state) {
      sgemm_(&transpose_b, &transpose_a, &columns, &rows, &depth, &kOne, b.data(), &b_pitch,
             a.data(), &a_pitch, &kZero, c.data(), &columns);
      benchmark::ClobberMemory();
    }
    state.counters["GFLOP/s"] = {2e-9 * rows * columns * depth,
                                 benchmark::Counter::kIsIterationInvariantRate};
  });
}

/// A layer's three products; weights are [outputs, inputs].
void add_layer(int inputs, int outputs) {
  const std::string shape = "/" + std::to_string(inputs) + "x" + std::to_string(outputs);
  add({"forward" + shape, 'N', 'T', kBatch, outputs, inputs});
  add({"backward" + shape, 'N', 'N', kBatch, inputs, outputs});
  add({"gradient" + shape, 'T', 'N', outputs, inputs, kBatch});
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  add_layer(784, 128);
  add_layer(128, 64);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
