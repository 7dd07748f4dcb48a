// Elementary functions of floats over a value type, by fused multiply-adds alone, so that every CPU
// and GPU computes the same bits. Included as kernels/optimizer-inl.h is. Coefficients: minimax
// polynomials by Remez's algorithm, rounded to floats; errors: tests/formulas/elementary_test.cpp.

/// e^x. Less than 2^-126 is 0, above the largest float is infinity.
///
/// x = n ln 2 + f with an integer n and |f| <= ln 2 / 2, so e^x = 2^n e^f (Cody and Waite 1980).
template <typename Value>
QMNIST_FORMULA Value exponential(Value x) {
  const auto round = to_value<Value>(12582912.0);  // 1.5 * 2^23: floats from there on are integers
  const Value rounded = mul_add(x, to_value<Value>(1.44269504), round);
  const Value n = rounded - round;
  // ln 2 in two parts; n times the first is exact.
  Value f = neg_mul_add(n, to_value<Value>(0.693145752), x);
  f = neg_mul_add(n, to_value<Value>(1.42860677e-6), f);
  auto p = to_value<Value>(0.00138380309);
  p = mul_add(p, f, to_value<Value>(0.0083691664));
  p = mul_add(p, f, to_value<Value>(0.0416681021));
  p = mul_add(p, f, to_value<Value>(0.166665167));
  p = mul_add(p, f, to_value<Value>(0.49999994));
  p = mul_add(p, f, to_value<Value>(1.0));
  p = mul_add(p, f, to_value<Value>(1.0));
  Value y = add_to_exponent(p, rounded);
  y = select(x < to_value<Value>(-87.33654), to_value<Value>(0.0), y);
  // Infinity where x is larger, and NaN where it is that.
  return select(x <= to_value<Value>(88.72283), y, x + to_value<Value>(kInfinity));
}

/// The natural logarithm. Less than 2^-126 counts as 0.
///
/// x = 2^n (1 + f) with 2/3 <= 1 + f < 4/3, so log x = n ln 2 + log(1 + f).
template <typename Value>
QMNIST_FORMULA Value natural_log(Value x) {
  Value mantissa;
  const Value n = split_exponent(x, mantissa);
  const Value f = mantissa - to_value<Value>(1.0);
  auto p = to_value<Value>(-0.128916889);
  p = mul_add(p, f, to_value<Value>(0.139844373));
  p = mul_add(p, f, to_value<Value>(-0.1218426));
  p = mul_add(p, f, to_value<Value>(0.140058696));
  p = mul_add(p, f, to_value<Value>(-0.16680488));
  p = mul_add(p, f, to_value<Value>(0.200104058));
  p = mul_add(p, f, to_value<Value>(-0.249997973));
  p = mul_add(p, f, to_value<Value>(0.333332151));
  p = mul_add(p, f, to_value<Value>(-0.5));
  Value y = mul_add(p, f * f, f);
  y = mul_add(n, to_value<Value>(0.693147182), y);
  y = select(x < to_value<Value>(1.17549435e-38), to_value<Value>(-kInfinity), y);
  y = select(x < to_value<Value>(0.0), to_value<Value>(kNaN), y);
  return select(x < to_value<Value>(kInfinity), y, x);  // infinity and NaN are their own
}

/// The hyperbolic tangent: near 0 its odd polynomial, else 1 - 2 / (e^2|x| + 1) with x's sign.
template <typename Value>
QMNIST_FORMULA Value hyperbolic_tangent(Value x) {
  const auto zero = to_value<Value>(0.0);
  const auto one = to_value<Value>(1.0);
  const Value size = select(x < zero, zero - x, x);
  const Value square = x * x;
  auto p = to_value<Value>(-0.00624284893);
  p = mul_add(p, square, to_value<Value>(0.021050714));
  p = mul_add(p, square, to_value<Value>(-0.0538475476));
  p = mul_add(p, square, to_value<Value>(0.133325443));
  p = mul_add(p, square, to_value<Value>(-0.333333164));
  const Value near_zero = select(square > zero, mul_add(p * square, x, x), x);
  const auto two = to_value<Value>(2.0);
  const Value rest = one - two / (exponential(size + size) + one);
  const Value far = select(x < zero, zero - rest, rest);
  return select(size < to_value<Value>(0.55), near_zero, far);
}

/// e^(-x^2 / 2); what rounding x^2 lost is made up for.
template <typename Value>
QMNIST_FORMULA Value gaussian(Value x) {
  const auto half = to_value<Value>(0.5);
  const Value square = x * x;
  const Value lost = mul_sub(x, x, square);
  const Value y = exponential(to_value<Value>(0.0) - half * square);
  // Where the square is infinite, what it lost is not a number.
  return select(y > to_value<Value>(0.0), neg_mul_add(y, half * lost, y), y);
}

/// The cumulative distribution function of the normal distribution, from gaussian(x).
///
/// The tail beyond a = |x| is e^(-a^2 / 2) P(t) / (1 + a) with t = (a - 4) / (a + 4): in t the
/// function that is left is smooth up to infinity (after Shepherd and Laframboise 1981).
template <typename Value>
QMNIST_FORMULA Value normal_cdf(Value x, Value gaussian_of_x) {
  const auto zero = to_value<Value>(0.0);
  const auto one = to_value<Value>(1.0);
  const Value a = select(x < zero, zero - x, x);
  const Value t = (a - to_value<Value>(4.0)) / (a + to_value<Value>(4.0));
  auto p = to_value<Value>(9.41482795e-05);
  p = mul_add(p, t, to_value<Value>(0.000734912814));
  p = mul_add(p, t, to_value<Value>(-0.000403578393));
  p = mul_add(p, t, to_value<Value>(-0.00505464152));
  p = mul_add(p, t, to_value<Value>(0.0179619379));
  p = mul_add(p, t, to_value<Value>(-0.0321849994));
  p = mul_add(p, t, to_value<Value>(0.0285980776));
  p = mul_add(p, t, to_value<Value>(0.0139986984));
  p = mul_add(p, t, to_value<Value>(-0.0967034101));
  p = mul_add(p, t, to_value<Value>(0.47205323));
  // Beyond 14 it is 0 or 1, and t may be infinity divided by infinity.
  const Value tail = select(a > to_value<Value>(14.0), zero, gaussian_of_x * (p / (one + a)));
  return select(x < zero, tail, one - tail);
}
