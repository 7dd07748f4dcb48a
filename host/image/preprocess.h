#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "host/data/dataset.h"
#include "host/image/image.h"

namespace qmnist {

/// How an image becomes what the network was trained on: 28 x 28 levels, bright ink on black.
enum class Preprocess {
  kAuto,      ///< kNotebook where the image is laid out as MNIST's are, else kMnist
  kNotebook,  ///< as the notebook does: inverted if bright, resized as a whole
  kMnist,     ///< as MNIST was made: the ink alone, scaled to 20 x 20, centred by mass
};

/// An image that is ready for a network.
struct Digit {
  std::array<std::uint8_t, kPixels> pixels;  ///< [28, 28], row-major
  Preprocess way;                            ///< in which it was made; not kAuto
};

/// Makes a network's input of an image.
///
/// kNotebook gives the bits that the notebook's cv2.cvtColor, 255 - image where the mean exceeds
/// 128, and cv2.resize give. kMnist does what MNIST's authors did (http://yann.lecun.com/exdb/
/// mnist/): it scales the ink's bounding box to fit 20 x 20 pixels, aspect ratio kept, and puts it
/// into 28 x 28 with its centre of mass in the centre; before that it segments the ink, dark or
/// bright, from a background that may be lit unevenly and noisy. kAuto looks at the ink, not at the
/// size: an opaque 28 x 28 image stays as it is only if kNotebook makes of it what an MNIST sample
/// looks like, a black background and ink whose longer side has 19 or 20 pixels, with its centre of
/// mass in the centre. All 70,000 samples do.
/// @param place what errors call the image
/// @throws DataError where nothing is drawn on it.
[[nodiscard]] Digit preprocess(const ColourImage& image, Preprocess way, const std::string& place);

}  // namespace qmnist
