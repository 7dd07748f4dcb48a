#pragma once

#include <cstdint>
#include <vector>

#include "host/data/byte_reader.h"
#include "host/data/label.h"
#include "host/data/labelled_images.h"

namespace qmnist {

/// Reads the lines of a CSV file to its end: a label and 784 pixels each, whole numbers that may
/// stand in quotes, with LF or CRLF. A first line of column names is known by its first, which
/// is no number: "label", then names whose numbers ascend (pixel0, pixel1, ...; 1x1, 1x2, ...).
/// Memory grows with the lines that are there.
/// @throws DataError naming file, line and expectation
[[nodiscard]] LabelledImages read_csv(ByteReader& file, const LabelRange& labels);

/// The same of a file without labels, neither in its lines nor among its column names.
/// @return pixels, [count, 28, 28]
/// @throws DataError as read_csv()
[[nodiscard]] std::vector<std::uint8_t> read_unlabelled_csv(ByteReader& file);

}  // namespace qmnist
