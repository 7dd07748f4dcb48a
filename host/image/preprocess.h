#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "host/data/dataset.h"
#include "host/image/image.h"

namespace qmnist {

/// Method that converts an image to the network's input format: 28 x 28 grey levels, bright ink on
/// black.
enum class Preprocess {
  kAuto,      ///< kNotebook if the image already looks like MNIST's, else kMnist
  kNotebook,  ///< as in the notebook: inverted if bright, resized as a whole
  kMnist,     ///< as in MNIST: ink segmented, scaled to 20 x 20, centred by its centre of mass
};

/// Input of the network.
struct PreprocessedImage {
  std::array<std::uint8_t, kPixels> pixels;  ///< [28, 28], row-major
  Preprocess method;                         ///< the method used; not kAuto
};

/// Converts an image to the network's input.
///
/// kNotebook is bit-identical to the notebook's code: cv2.cvtColor, 255 - image if the mean exceeds
/// 128, cv2.resize. kMnist does what MNIST's authors did (http://yann.lecun.com/exdb/mnist/): it
/// scales the ink's bounding box to fit 20 x 20 pixels with the aspect ratio kept, and puts it into
/// 28 x 28 with its centre of mass in the centre. Before that, it segments the ink, dark or bright,
/// from a background that may be noisy and unevenly lit. kAuto looks at the ink, not at the size:
/// it uses kNotebook for an opaque 28 x 28 image if the result looks like an MNIST sample (a black
/// background, the longer side of the ink 19 or 20 pixels, its centre of mass in the centre), as
/// for all 70,000 samples; for any other image, it uses kMnist.
/// @param name name of the image in errors
/// @throws DataError if no ink is found
[[nodiscard]] PreprocessedImage preprocess(const ColourImage& image, Preprocess method,
                                           const std::string& name);

}  // namespace qmnist
