#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace qmnist::cpu {

/// While it lives, this thread takes numbers too small for a normal float (below 1.2e-38) as zeros.
/// The moments of hardly used weights get there, and CPUs compute with such numbers many times
/// slower. Does nothing on CPUs other than x86-64 and ARM64.
class FlushDenormals {
 public:
  FlushDenormals() : earlier_(control()) { set_control(earlier_ | kFlush); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
  FlushDenormals(FlushDenormals&&) = delete;
  FlushDenormals& operator=(FlushDenormals&&) = delete;
  ~FlushDenormals() { set_control(earlier_); }

 private:
#if defined(__x86_64__)
  static constexpr std::uint64_t kFlush = _MM_FLUSH_ZERO_ON | 0x0040;  // and "denormals are zeros"
  static std::uint64_t control() {
    return _mm_getcsr();
  }
  static void set_control(std::uint64_t value) {
    _mm_setcsr(static_cast<std::uint32_t>(value));
  }
#elif defined(__aarch64__)
  static constexpr std::uint64_t kFlush = std::uint64_t{1} << 24;
  static std::uint64_t control() {
    std::uint64_t value = 0;
    asm volatile("mrs %0, fpcr" : "=r"(value));
    return value;
  }
  static void set_control(std::uint64_t value) {
    asm volatile("msr fpcr, %0" : : "r"(value));
  }
#else
  static constexpr std::uint64_t kFlush = 0;
  static std::uint64_t control() {
    return 0;
  }
  static void set_control(std::uint64_t /*value*/) {}
#endif

  std::uint64_t earlier_;
};

}  // namespace qmnist::cpu
