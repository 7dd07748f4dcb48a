#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "host/format/classification.h"

namespace qmnist {

/// Maximum number of images on a contact sheet.
inline constexpr std::size_t kMaxOnSheet = 400;

/// An SVG document with the enlarged inputs of the network in a grid, each with class, confidence
/// and name below it.
/// @param classifications at least one and at most kMaxOnSheet
/// @param omitted number of images that are not shown, for the footer
[[nodiscard]] std::string contact_sheet(std::span<const Classification> classifications,
                                        std::span<const std::string> classes, std::size_t omitted);

}  // namespace qmnist
