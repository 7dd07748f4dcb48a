#include "host/data/known_sets.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace qmnist {
namespace {

// SHA-256 of files as they lie on disk, each time of the training images and labels, then of the
// test images and labels. Sources of the published ones: TensorFlow Datasets (url_checksums/) and,
// for Keras's file, Keras (datasets/mnist.py).
using namespace std::string_view_literals;

constexpr std::array kMnist{
    // as published
    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"sv,
    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"sv,
    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"sv,
    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"sv,
    // unpacked
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"sv,
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"sv,
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"sv,
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"sv,
    // as in this repository, compressed again
    "0b367032e93c5d0cea0925647cfdb18614af8ee15f83e6f2fc2ad904a6835971"sv,
    "1787548bbe0bff1ec2ecdc0ef292b02df999e2d1a6002d27500982c652b17203"sv,
    "1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be"sv,
    "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b"sv,
};

constexpr std::array kMnistOfKeras{
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"sv,
};

constexpr std::array kFashionMnist{
    // as published
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"sv,
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"sv,
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"sv,
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"sv,
    // unpacked
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"sv,
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"sv,
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"sv,
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"sv,
    // as in Debian's package dataset-fashion-mnist, with other gzip headers
    "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"sv,
    "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"sv,
    "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"sv,
    "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"sv,
};

constexpr std::array kKmnist{
    // as published
    "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"sv,
    "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"sv,
    "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"sv,
    "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"sv,
};

SetInfo keras_mnist_info() {
  SetInfo info = mnist_info();
  info.name = "MNIST (Keras)";
  return info;
}

struct KnownSet {
  SetInfo (*info)();
  std::span<const std::string_view> sums;
};

constexpr std::array kKnownSets{
    KnownSet{mnist_info, kMnist},
    KnownSet{keras_mnist_info, kMnistOfKeras},
    KnownSet{fashion_mnist_info, kFashionMnist},
    KnownSet{kmnist_info, kKmnist},
};

}  // namespace

SetInfo mnist_info() {
  return {.name = "MNIST", .classes = numbered_classes(kDigitCount), .is_mnist = true};
}

SetInfo fashion_mnist_info() {
  return {.name = "Fashion-MNIST",
          .classes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                      "Sneaker", "Bag", "Ankle boot"}};
}

SetInfo kmnist_info() {
  return {.name = "KMNIST",
          .classes = {"お", "き", "す", "つ", "な", "は", "ま", "や", "れ", "を"}};
}

SetInfo kuzushiji_49_info() {
  // k49_classmap.csv of http://codh.rois.ac.jp/kmnist/
  return {.name = "Kuzushiji-49",
          .classes = {"あ", "い", "う", "え", "お", "か", "き", "く", "け", "こ", "さ", "し", "す",
                      "せ", "そ", "た", "ち", "つ", "て", "と", "な", "に", "ぬ", "ね", "の", "は",
                      "ひ", "ふ", "へ", "ほ", "ま", "み", "む", "め", "も", "や", "ゆ", "よ", "ら",
                      "り", "る", "れ", "ろ", "わ", "ゐ", "ゑ", "を", "ん", "ゝ"}};
}

std::optional<SetInfo> find_known_set(std::span<const DataFile> files) {
  for (const KnownSet& set : kKnownSets) {
    const auto is_of_set = [&](const DataFile& file) {
      return std::ranges::find(set.sums, file.sha256) != set.sums.end();
    };
    if (std::ranges::all_of(files, is_of_set)) {
      return set.info();
    }
  }
  return std::nullopt;
}

}  // namespace qmnist
