// The optimizers' formulas over a value type. kernels/optimizer.h includes them for float and
// double, the CPU engine once per instruction set for vectors of floats, as a function is compiled
// for the instruction set that is current where it is defined. So this file has neither a guard nor
// a namespace; QMNIST_FORMULA is the specifiers of its functions.

/// Scalars of one step, the same for every parameter. Each warp of a GPU reads them: in floats they
/// are eight aligned words, two loads.
template <typename Value>
struct alignas(alignof(Value) > 16 ? alignof(Value) : 16) OptimizerStep {
  Value alpha;  ///< learning rate; Adam's with both bias corrections
  Value one_minus_beta1;
  Value one_minus_beta2;
  Value epsilon;
  Value momentum;
  Value decay;            ///< learning rate times weight decay
  Value one_minus_decay;  ///< of the EMA: how far it moves towards the new weights
  bool nesterov;
};

/// The scalars of a step as values of another type.
template <typename Value, typename Scalars>
QMNIST_FORMULA OptimizerStep<Value> convert_step(const Scalars& step) {
  return {.alpha = to_value<Value>(step.alpha),
          .one_minus_beta1 = to_value<Value>(step.one_minus_beta1),
          .one_minus_beta2 = to_value<Value>(step.one_minus_beta2),
          .epsilon = to_value<Value>(step.epsilon),
          .momentum = to_value<Value>(step.momentum),
          .decay = to_value<Value>(step.decay),
          .one_minus_decay = to_value<Value>(step.one_minus_decay),
          .nesterov = step.nesterov};
}

/// Adam (Kingma and Ba 2015, end of section 2) as Keras applies it, on one parameter:
///
///     m += (g - m) * (1 - beta1)
///     v += (g^2 - v) * (1 - beta2)
///     w -= m * (alpha / (sqrt(v) + epsilon))
///
/// PyTorch adds epsilon after the bias correction instead; with these it trains differently.
/// Source: keras/src/optimizers/adam.py, update_step.
template <typename Value>
QMNIST_FORMULA void adam_update(const OptimizerStep<Value>& step, Value g, Value& w, Value& m,
                                Value& v) {
  m = mul_add(g - m, step.one_minus_beta1, m);
  v = mul_add(mul_sub(g, g, v), step.one_minus_beta2, v);
  w = neg_mul_add(m, step.alpha / (square_root(v) + step.epsilon), w);
}

/// Gradient descent with momentum, as Keras applies it:
///
///     m = momentum * m - lr * g
///     w += m, with Nesterov (Sutskever et al. 2013) w += momentum * m - lr * g
///
/// Source: keras/src/optimizers/sgd.py, update_step.
template <typename Value>
QMNIST_FORMULA void sgd_update(const OptimizerStep<Value>& step, Value g, Value& w, Value& m) {
  const Value descent = step.alpha * g;
  m = mul_sub(step.momentum, m, descent);
  w = w + (step.nesterov ? mul_sub(step.momentum, m, descent) : m);
}

/// A step of an optimizer on one parameter; before it w -= lr * weight_decay * w, apart from the
/// gradient (Loshchilov and Hutter 2019, AdamW). Like Keras's it takes all parameters, biases too.
/// @param moments as many as the optimizer keeps
template <OptimizerName kName, typename Value>
QMNIST_FORMULA void optimizer_update(const OptimizerStep<Value>& step, Value g, Value& w,
                                     Value* moments) {
  w = neg_mul_add(step.decay, w, w);
  if constexpr (kName == OptimizerName::kSgd) {
    sgd_update(step, g, w, moments[0]);
  } else {
    adam_update(step, g, w, moments[0], moments[1]);
  }
}

/// The moving average of a parameter, after a step.
template <typename Value>
QMNIST_FORMULA void ema_update(const OptimizerStep<Value>& step, Value parameter, Value& average) {
  average = mul_add(parameter - average, step.one_minus_decay, average);
}
