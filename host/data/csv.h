#pragma once

#include "host/data/byte_reader.h"
#include "host/data/labelled_images.h"

namespace qmnist {

/// Reads the lines of a CSV file to its end: a label and 784 pixels each, whole numbers that may
/// stand in quotes, with LF or CRLF. A first line of column names is known by not beginning with a
/// number: "label", then names whose numbers ascend (pixel0, pixel1, ...; 1x1, 1x2, ...).
/// Memory grows with the lines that are there.
/// @throws DataError naming file, line and expectation
[[nodiscard]] LabelledImages read_csv(ByteReader& file);

}  // namespace qmnist
