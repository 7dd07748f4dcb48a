// The layers' matrix products by the distribution's BLAS and by oneDNN, to compare with bench/cpu's
// phases. bench/README.md says how to choose a BLAS.

#include <benchmark/benchmark.h>
#if QMNIST_HAS_ONEDNN
#include <dnnl.h>
#endif

#include <string>
#include <vector>

// NOLINTNEXTLINE(readability-identifier-naming): as Fortran compilers name it
extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* a_pitch,
                       const float* b, const int* b_pitch, const float* beta, float* c,
                       const int* c_pitch);

namespace {

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

/// The arguments of a library's product of row-major matrices.
struct Operands {
  const float* a;
  int a_pitch;
  const float* b;
  int b_pitch;
  float* c;
};

void multiply_by_blas(const Product& product, const Operands& of) {
  constexpr float kOne = 1;
  constexpr float kZero = 0;
  sgemm_(&product.transpose_b, &product.transpose_a, &product.columns, &product.rows,
         &product.depth, &kOne, of.b, &of.b_pitch, of.a, &of.a_pitch, &kZero, of.c,
         &product.columns);
}

#if QMNIST_HAS_ONEDNN
void multiply_by_onednn(const Product& product, const Operands& of) {
  dnnl_sgemm(product.transpose_a, product.transpose_b, product.rows, product.columns, product.depth,
             1, of.a, of.a_pitch, of.b, of.b_pitch, 0, of.c, product.columns);
}
#endif

using Multiply = void (*)(const Product&, const Operands&);

void add(const std::string& library, Multiply multiply, const Product& product) {
  const std::string name = library + "/" + product.name;
  benchmark::RegisterBenchmark(name.c_str(), [multiply, product](benchmark::State& state) {
    const auto size = [](int height, int width) {
      return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    };
    const auto& [unused, transpose_a, transpose_b, rows, columns, depth] = product;
    const std::vector<float> a(size(rows, depth), 0.01F);
    const std::vector<float> b(size(depth, columns), 0.02F);
    std::vector<float> c(size(rows, columns));
    const Operands operands{.a = a.data(),
                            .a_pitch = transpose_a == 'T' ? rows : depth,
                            .b = b.data(),
                            .b_pitch = transpose_b == 'T' ? depth : columns,
                            .c = c.data()};
    for (auto _ : state) {
      multiply(product, operands);
      benchmark::ClobberMemory();
    }
    state.counters["GFLOP/s"] = {2e-9 * rows * columns * depth,
                                 benchmark::Counter::kIsIterationInvariantRate};
  });
}

/// A layer's three products; weights are [outputs, inputs].
void add_layer(const std::string& library, Multiply multiply, int batch, int inputs, int outputs) {
  const std::string shape =
      "/" + std::to_string(batch) + "x" + std::to_string(inputs) + "x" + std::to_string(outputs);
  add(library, multiply, {"forward" + shape, 'N', 'T', batch, outputs, inputs});
  add(library, multiply, {"backward" + shape, 'N', 'N', batch, inputs, outputs});
  add(library, multiply, {"gradient" + shape, 'T', 'N', outputs, inputs, batch});
}

void add_library(const std::string& library, Multiply multiply) {
  add_layer(library, multiply, 32, 784, 128);  // the baseline's
  add_layer(library, multiply, 32, 128, 64);
  add_layer(library, multiply, 128, 1024, 1024);  // of configs/best.json
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  add_library("blas", multiply_by_blas);
#if QMNIST_HAS_ONEDNN
  add_library("onednn", multiply_by_onednn);
#endif
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
