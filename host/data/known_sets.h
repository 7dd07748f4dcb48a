#pragma once

#include <optional>
#include <span>

#include "host/data/dataset.h"
#include "host/data/set_info.h"

namespace qmnist {

[[nodiscard]] SetInfo mnist_info();
[[nodiscard]] SetInfo fashion_mnist_info();
[[nodiscard]] SetInfo kmnist_info();
[[nodiscard]] SetInfo kuzushiji_49_info();

/// The set that all these files are of, by their checksums: MNIST, Fashion-MNIST and KMNIST give
/// their files the same names. Nothing if there is none.
[[nodiscard]] std::optional<SetInfo> find_known_set(std::span<const DataFile> files);

}  // namespace qmnist
