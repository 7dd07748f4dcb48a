// The forward pass, in float32 (Math.fround) and in the order of operations of docs/arithmetic.md, but for the functions of the
// activation and the softmax.
/// erf x = 2 / sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (1 3 5 ... (2n+1)), whose terms all have the sign of x
/// (https://dlmf.nist.gov/7.6.E2).
function erf(x) {
  if (Math.abs(x) > 5) return Math.sign(x);
  let [term, sum] = [x, 0];
  for (let n = 1; sum + term !== sum; ++n) {
    sum += term;
    term *= 2 * x * x / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

const activations = {
  relu: z => Math.max(z, 0),
  leaky_relu: z => z > 0 ? z : 0.01 * z,
  gelu: z => 0.5 * z * (1 + erf(z / Math.SQRT2)),
  tanh: Math.tanh,
};

/// Floats of base64 text, little-endian.
function floatsOf(base64) {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/// Class probabilities of 28 x 28 grey levels.
/// @param layers each {outputs, weight: [outputs, inputs] row-major, bias: [outputs]}
function probabilitiesOf(input, layers, activation) {
  let values = Float32Array.from(input, level => level / 255);
  layers.forEach(({outputs, weight, bias}, l) => {
    const isFirst = l === 0;
    const isLast = l + 1 === layers.length;
    const next = new Float32Array(outputs);
    for (let o = 0; o < outputs; ++o) {
      let sum = isFirst ? bias[o] : 0;
      const row = o * values.length;
      for (let i = 0; i < values.length; ++i) sum = Math.fround(sum + weight[row + i] * values[i]);
      const z = isFirst ? sum : Math.fround(sum + bias[o]);
      next[o] = isLast ? z : activations[activation](z);
    }
    values = next;
  });
  const largest = Math.max(...values);
  const exponentials = values.map(z => Math.exp(z - largest));
  const sum = exponentials.reduce((total, value) => Math.fround(total + value), 0);
  return exponentials.map(value => value / sum);
}
