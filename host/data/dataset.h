#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "host/data/class_names.h"
#include "host/data/read_options.h"
#include "host/settings/run_settings.h"

namespace qmnist {

inline constexpr std::size_t kImageSide = 28;
inline constexpr std::size_t kPixels = kImageSide * kImageSide;

/// Images and labels as an engine reads them; does not own them.
struct DataView {
  std::span<const std::uint8_t> pixels;  ///< [count, features], row-major, grey levels 0..255
  std::span<const std::uint8_t> labels;  ///< [count]
  std::size_t features = kPixels;        ///< pixels per image

  [[nodiscard]] std::size_t count() const { return labels.size(); }
  [[nodiscard]] std::span<const std::uint8_t> image(std::size_t index) const {
    return pixels.subspan(index * features, features);
  }
};

/// A file that a data set was read from, or a part's folder of pictures.
struct DataFile {
  std::filesystem::path path;
  /// Lower-case hexadecimal, of the file as it lies on disk; of a folder, over names and contents.
  std::string sha256;
};

/// A stretch of a data set that was read from one file of images, or from one part's folders.
struct DataPart {
  enum class Kind { kTraining, kTest, kOther } kind;
  std::size_t count;  ///< images
};

/// A whole labelled set of images, training and test files one after the other.
struct Dataset {
  std::string source;                ///< its data source's name; empty if its files were named
  std::string name;                  ///< for people: "MNIST", "IDX files, 26 classes", ...
  std::vector<std::uint8_t> pixels;  ///< [count, 28, 28]
  std::vector<std::uint8_t> labels;  ///< [count], each below classes.size()
  std::vector<DataPart> parts;       ///< in their order
  std::vector<DataFile> files;
  ClassNames classes = {};         ///< kMinClasses to kMaxClasses
  bool has_known_classes = false;  ///< false: they were counted from the labels
  bool is_mnist = false;           ///< MNIST's or QMNIST's images, in their order

  [[nodiscard]] std::size_t count() const { return labels.size(); }
  [[nodiscard]] DataView view() const { return {pixels, labels, kPixels}; }
};

/// How the files of a set that the program does not know hold images and labels.
[[nodiscard]] FileForm file_form(const DataSettings& settings);

/// Reads the images that the settings name: the files `images` and so on, or those that `source`
/// finds in the folder `dir`. Where nothing tells the classes, they are as many as the labels that
/// occur.
/// @param settings whose source is a name of data_source_names(); "auto" takes the only source
///   whose files are complete there (of those that hold the same digits, the largest)
/// @throws DataError naming file, offset and expectation where a file is missing or wrong, or,
///   of more than ten classes, one has no image; UsageError where the settings do not go together,
///   or say how to read a set that is known
[[nodiscard]] Dataset load_dataset(const DataSettings& settings,
                                   const OnFilesRead& on_files_read = {});

/// Reads all images of a folder, as load_dataset() does, or of one file: Kaggle's pickle, a .csv
/// file, Keras's mnist.npz; or images with the labels that lie beside them under a name like
/// theirs: IDX (train-images-idx3-ubyte, train-labels-idx1-ubyte), .npy (x_test.npy, y_test.npy) or
/// .npz (k49-test-imgs.npz, k49-test-labels.npz).
/// @throws DataError as load_dataset
[[nodiscard]] Dataset load_data(const std::filesystem::path& path, const ReadOptions& options = {});

}  // namespace qmnist
