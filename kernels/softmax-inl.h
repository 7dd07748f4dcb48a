// Softmax and cross-entropy over a value type. Included as kernels/optimizer-inl.h is. With
// vectors, each lane is another row.

/// Place of the largest value, as a value; the first of equals, as NumPy and Keras take it.
template <typename Value>
QMNIST_FORMULA Value predicted_class(const Value* values, std::size_t count) {
  Value largest = values[0];
  auto place = to_value<Value>(0.0);
  for (std::size_t i = 1; i < count; ++i) {
    const auto is_larger = values[i] > largest;
    place = select(is_larger, to_value<Value>(static_cast<float>(i)), place);
    largest = select(is_larger, values[i], largest);
  }
  return place;
}

/// softmax(z)_i = exp(z_i - max z) / sum_j exp(z_j - max z), which cannot overflow.
/// logits and probabilities hold `classes` values and may be the same memory.
/// @return log sum_j exp(z_j), from which the cross-entropy follows as that minus z_label.
template <typename Value>
QMNIST_FORMULA Value softmax(const Value* logits, std::size_t classes, Value* probabilities) {
  Value largest = logits[0];
  for (std::size_t i = 1; i < classes; ++i) {
    largest = select(logits[i] > largest, logits[i], largest);
  }
  auto sum = to_value<Value>(0.0);
  for (std::size_t i = 0; i < classes; ++i) {
    probabilities[i] = exponential(logits[i] - largest);
    sum = sum + probabilities[i];
  }
  for (std::size_t i = 0; i < classes; ++i) {
    probabilities[i] = probabilities[i] / sum;
  }
  return largest + natural_log(sum);
}

/// Cross-entropy of one image and its gradient, against a target that label smoothing (Szegedy et
/// al. 2016) takes from the label and gives to all classes alike:
///
///     target_i = (1 - smoothing) [i == label] + smoothing / classes
///     loss = -sum_i target_i log softmax(z)_i = log sum_j exp(z_j) - sum_i target_i z_i
///     d loss / d z_i = softmax(z)_i - target_i
///
/// `scale` is 1 / batch for a batch's mean loss. logits and gradient hold `classes` values and must
/// not overlap.
/// @param label as a value, so that lanes may have different ones
/// @return the unscaled loss, never negative up to rounding, finite for finite logits.
template <typename Value>
QMNIST_FORMULA Value softmax_cross_entropy(const Value* logits, std::size_t classes, Value label,
                                           Value scale, Value* gradient, Value smoothing) {
  const Value log_sum = softmax(logits, classes, gradient);
  const auto zero = to_value<Value>(0.0);
  const auto of_label = to_value<Value>(1.0) - smoothing;
  const Value shared = smoothing / to_value<Value>(static_cast<float>(classes));
  Value sum = zero;
  Value label_logit = zero;
  for (std::size_t i = 0; i < classes; ++i) {
    const auto is_label = label == to_value<Value>(static_cast<float>(i));
    const Value target = shared + select(is_label, of_label, zero);
    gradient[i] = (gradient[i] - target) * scale;
    label_logit = select(is_label, logits[i], label_logit);
    sum = sum + logits[i];
  }
  return log_sum - of_label * label_logit - shared * sum;
}

/// The loss of knowledge distillation and its gradient: the mean, by `weight`, of the cross-entropy
/// above and of that of a teacher's probabilities q, both at temperature T:
///
///     p = softmax(z / T)
///     loss = (1 - weight) softmax_cross_entropy(z) - weight T^2 sum_i q_i log p_i
///     d loss / d z_i = (1 - weight) (softmax(z)_i - target_i) + weight T (p_i - q_i)
///
/// Its own factor T^2 keeps the size of the teacher's part of the gradient at any temperature.
/// Source: Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network (2015), section 2
/// @param soft_labels q, `classes` values whose sum is 1
/// @param scale, gradient, smoothing as above
/// @return the unscaled loss
template <typename Value>
QMNIST_FORMULA Value distillation_loss(const Value* logits, std::size_t classes, Value label,
                                       const Value* soft_labels, Value scale, Value* gradient,
                                       Value smoothing, Value weight, Value temperature) {
  const auto one = to_value<Value>(1.0);
  const Value of_labels =
      softmax_cross_entropy(logits, classes, label, (one - weight) * scale, gradient, smoothing);
  const Value inverse = one / temperature;
  Value largest = logits[0];
  for (std::size_t i = 1; i < classes; ++i) {
    largest = select(logits[i] > largest, logits[i], largest);
  }
  auto sum = to_value<Value>(0.0);
  auto expected = sum;
  for (std::size_t i = 0; i < classes; ++i) {
    const Value shifted = (logits[i] - largest) * inverse;
    sum = sum + exponential(shifted);
    expected = expected + soft_labels[i] * shifted;
  }
  const Value of_teacher = weight * temperature;
  for (std::size_t i = 0; i < classes; ++i) {
    const Value probability = exponential((logits[i] - largest) * inverse) / sum;
    gradient[i] = gradient[i] + of_teacher * (probability - soft_labels[i]) * scale;
  }
  return (one - weight) * of_labels + of_teacher * temperature * (natural_log(sum) - expected);
}
