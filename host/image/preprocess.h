#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "host/data/dataset.h"
#include "host/image/image.h"

namespace qmnist {

/// How a picture becomes what the network was trained on: 28 x 28 levels, a bright digit on black.
enum class Preprocess {
  kAuto,      ///< kNotebook where the picture is 28 x 28 and opaque already, else kMnist
  kNotebook,  ///< as the notebook does: inverted if bright, resized as a whole
  kMnist,     ///< as MNIST was made: the ink alone, fitted into 20 x 20, its centre of mass in the
              ///< middle
};

/// A picture that is ready for a network.
struct Digit {
  std::array<std::uint8_t, kPixels> pixels;  ///< [28, 28], row-major
  Preprocess way;                            ///< in which it was made; not kAuto
};

/// Makes a network's input of a picture.
///
/// kNotebook gives the bits that the notebook's cv2.cvtColor, 255 - image where the mean exceeds
/// 128, and cv2.resize give. kMnist follows MNIST's own description (http://yann.lecun.com/exdb/
/// mnist/); before that it finds the ink, which may be dark or bright, on a ground that may be lit
/// unevenly and have noise.
/// @param place what errors call the picture
/// @throws DataError where nothing is drawn on it.
[[nodiscard]] Digit preprocess(const ColourImage& image, Preprocess way, const std::string& place);

}  // namespace qmnist
