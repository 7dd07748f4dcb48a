#pragma once

#include <cstddef>
#include <string>

#include "host/export/exporters.h"

namespace qmnist {

/// Of a network in a page, at most: 22 MB, which a phone still opens.
inline constexpr std::size_t kMaxPageParameters = std::size_t{1} << 22;

[[nodiscard]] bool fits_page(const Network& network);

/// A page on which one draws and sees what the network reads: one file that needs neither the
/// Internet nor a library, whose scripts preprocess as `predict` does and compute in float32.
/// @throws UsageError for a network that does not fit
std::string export_html(const Model& model, const RunMetadata& metadata);

}  // namespace qmnist
