#pragma once

#include <span>
#include <string>

#include "host/data/dataset.h"
#include "host/model/network.h"
#include "host/trainer/evaluation.h"

namespace qmnist {

/// The 40 wrong predictions of highest confidence, each with its picture, as HTML.
/// `data` is the whole data set.
[[nodiscard]] std::string mistakes_html(const Evaluation& test, const DataView& data);

/// The weights of each unit of the first layer as a picture of 28 x 28, of at most 128 units, as
/// HTML: white is the unit's largest absolute weight, black its negative, mid-grey zero.
/// `parameters` is an arena of the network, which reads images of 784 pixels.
[[nodiscard]] std::string first_layer_html(const Network& network,
                                           std::span<const float> parameters);

}  // namespace qmnist
