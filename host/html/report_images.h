#pragma once

#include <span>
#include <string>

#include "host/data/dataset.h"
#include "host/model/network.h"
#include "host/trainer/evaluation.h"

namespace qmnist {

/// The 40 misclassified test images of highest confidence, as HTML. `dataset` is the whole data
/// set.
[[nodiscard]] std::string mistakes_html(const Evaluation& test, const Dataset& dataset);

/// The weights of the first layer's units (at most 128), each as an image of 28 x 28 pixels, as
/// HTML: white is the unit's largest absolute weight, black its negative, mid-grey is zero.
/// `parameters` is an arena of the network, which has 784 inputs.
[[nodiscard]] std::string first_layer_html(const Network& network,
                                           std::span<const float> parameters);

}  // namespace qmnist
