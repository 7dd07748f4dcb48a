#include "host/data/pickle.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/dataset.h"
#include "host/data/numpy_array.h"
#include "host/data/pickle_machine.h"
#include "host/data/printable.h"
#include "host/error.h"
#include "host/read_file.h"

namespace qmnist {
namespace {

using pickle::expect;
using pickle::expect_items;
using pickle::expect_name;
using pickle::FormatError;
using pickle::Global;
using pickle::Node;

using Bytes = std::vector<std::uint8_t>;

constexpr std::array<std::string_view, 8> kIntegers = {"u1", "u2", "u4", "u8",
                                                       "i1", "i2", "i4", "i8"};
constexpr std::size_t kMaxDimensions = 3;
constexpr std::uint64_t kHighBits = 0x8080808080808080;  // of each byte of a word
constexpr std::uint64_t kNoSize = std::numeric_limits<std::uint64_t>::max();

// A NumPy array as the pickle describes it; none of it is checked against the rest yet.
struct Array {
  std::string_view key;
  std::size_t offset;
  std::vector<std::uint64_t> shape;
  numpy::Type dtype;
  bool fortran_order;  // else C order
  const Node* payload;
};

numpy::Type read_dtype(const Node& node) {
  const auto& call = expect<pickle::Call>(node, "the dtype");
  if (call.callable != Global::kDtype || call.state == nullptr) {
    throw FormatError(node.offset, "expected a numpy.dtype with its state");
  }
  const auto args = expect_items(*call.args, 1, "the dtype's arguments");
  const std::string_view name = expect_name(*args[0], "the dtype's name");
  if (std::ranges::find(kIntegers, name) == kIntegers.end()) {
    throw FormatError(args[0]->offset, "dtype '{}'; expected one of {}", printable(name),
                      fmt::join(kIntegers, ", "));
  }
  const auto state = expect_items(*call.state, 2, "the dtype's state");
  const std::string_view order = expect_name(*state[1], "the dtype's byte order");
  if (order != "<" && order != ">" && order != "|") {
    throw FormatError(state[1]->offset, "byte order '{}'; expected '<', '>' or '|'",
                      printable(order));
  }
  return {.kind = name[0],
          .bytes = static_cast<std::size_t>(name[1] - '0'),
          .big_endian = order == ">"};
}

std::vector<std::uint64_t> read_shape(const Node& node) {
  const auto items = expect_items(node, 1, "the shape");
  if (items.size() > kMaxDimensions) {
    throw FormatError(node.offset, "the array has {} dimensions; expected at most {}", items.size(),
                      kMaxDimensions);
  }
  std::vector<std::uint64_t> shape;
  for (const Node* item : items) {
    const auto length = expect<std::int64_t>(*item, "a dimension of the shape");
    if (length < 0) {
      throw FormatError(item->offset, "a dimension of the shape is {}", length);
    }
    shape.push_back(static_cast<std::uint64_t>(length));
  }
  return shape;
}

bool is_fortran_order(const Node& node) {
  const std::string_view order = expect_name(node, "the array's order");
  if (order != "C" && order != "F") {
    throw FormatError(node.offset, "the array's axes are permuted; expected order 'C' or 'F'");
  }
  return order == "F";
}

Array read_array(const pickle::Dict& dict, std::size_t dict_offset, std::string_view key) {
  const auto entry = dict.items.find(key);
  if (entry == dict.items.end()) {
    throw FormatError(dict_offset, "the dict has no '{}'; expected 'data' and 'labels'", key);
  }
  const Node& node = *entry->second;
  const auto& call = expect<pickle::Call>(node, fmt::format("'{}'", key));
  if (call.callable == Global::kFromBuffer) {
    const auto args = expect_items(*call.args, 4, "_frombuffer's arguments");
    const bool fortran_order = is_fortran_order(*args[3]);
    return {key, node.offset, read_shape(*args[2]), read_dtype(*args[1]), fortran_order, args[0]};
  }
  if (call.callable == Global::kReconstruct && call.state != nullptr) {
    const auto state = expect_items(*call.state, 5, "the array's state");
    const bool fortran_order = expect<bool>(*state[3], "the array's Fortran order");
    return {key,           node.offset, read_shape(*state[1]), read_dtype(*state[2]),
            fortran_order, state[4]};
  }
  throw FormatError(node.offset, "'{}' is not a NumPy array", key);
}

// kNoSize, which no payload has, where the product overflows.
std::uint64_t payload_size(const Array& array) {
  std::uint64_t size = array.dtype.bytes;
  for (const std::uint64_t length : array.shape) {
    size = length != 0 && size > kNoSize / length ? kNoSize : size * length;
  }
  return size;
}

[[noreturn]] void fail_size(const Array& array, std::string_view found) {
  throw FormatError(array.payload->offset, "'{}' of shape ({}) needs {} bytes, but there are {}",
                    array.key, fmt::join(array.shape, ", "), payload_size(array), found);
}

// Takes one character off the front of the UTF-8 text.
std::uint8_t take_latin1(const Array& array, std::string_view& text) {
  if (text.empty()) {
    fail_size(array, "fewer");
  }
  const auto first = static_cast<std::uint8_t>(text[0]);
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  // In UTF-8, U+0080 to U+00BF begin with C2 and U+00C0 to U+00FF with C3.
  if ((first != 0xC2 && first != 0xC3) || text.size() < 2 || (text[1] & 0xC0) != 0x80) {
    throw FormatError(array.payload->offset, "'{}' holds text that is not Latin-1", array.key);
  }
  const int low_bits = text[1] & 0x3F;
  text.remove_prefix(2);
  return static_cast<std::uint8_t>((first & 0x03) << 6 | low_bits);
}

// What _codecs.encode(text, 'latin1') gives; protocol 2 has no other way to write bytes.
Bytes encode_latin1(const Array& array, std::string_view text) {
  if (payload_size(array) > text.size()) {  // before that much is allocated
    fail_size(array, "fewer");
  }
  Bytes bytes(payload_size(array));
  std::uint64_t word = 0;
  for (std::span<std::uint8_t> out = bytes; !out.empty();) {
    // Images are mostly black, so that most of their text is ASCII.
    if (std::min(text.size(), out.size()) >= sizeof word) {
      std::memcpy(&word, text.data(), sizeof word);
      if ((word & kHighBits) == 0) {
        std::memcpy(out.data(), &word, sizeof word);
        text.remove_prefix(sizeof word);
        out = out.subspan(sizeof word);
        continue;
      }
    }
    out.front() = take_latin1(array, text);
    out = out.subspan(1);
  }
  if (!text.empty()) {
    fail_size(array, "more");
  }
  return bytes;
}

Bytes read_payload(const Array& array) {
  const Node& node = *array.payload;
  if (const auto* call = std::get_if<pickle::Call>(&node.value)) {
    const auto args = expect_items(*call->args, 2, "the arguments of the payload's call");
    if (call->callable != Global::kEncode || expect_name(*args[1], "the encoding") != "latin1") {
      throw FormatError(node.offset, "expected bytes or _codecs.encode(str, 'latin1')");
    }
    return encode_latin1(array, expect<pickle::Text>(*args[0], "the encoded payload").view);
  }
  const auto bytes = expect<pickle::Bytes>(node, "the payload").view;
  if (bytes.size() != payload_size(array)) {
    fail_size(array, fmt::to_string(bytes.size()));
  }
  return {bytes.begin(), bytes.end()};
}

Bytes read_pixels(const Array& array) {
  const auto& shape = array.shape;
  if (shape.size() != 3 || shape[0] == 0 || shape[1] != kImageSide || shape[2] != kImageSide) {
    throw FormatError(array.offset, "'data' has shape ({}); expected (count, {}, {})",
                      fmt::join(shape, ", "), kImageSide, kImageSide);
  }
  if (array.dtype.kind != 'u' || array.dtype.bytes != 1) {
    throw FormatError(array.offset, "'data' has dtype {}{}; expected u1", array.dtype.kind,
                      array.dtype.bytes);
  }
  Bytes pixels = read_payload(array);
  if (array.fortran_order) {
    pixels = numpy::to_c_order(pixels, shape[0], false);
  }
  return pixels;
}

Bytes read_labels(const Array& array, std::uint64_t count) {
  const auto& shape = array.shape;
  if (shape[0] != count || shape.size() > 2 || (shape.size() == 2 && shape[1] != 1)) {
    throw FormatError(array.offset, "'labels' has shape ({}); 'data' needs ({}, 1) or ({})",
                      fmt::join(shape, ", "), count, count);
  }
  const Bytes payload = read_payload(array);
  Bytes labels(count);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t width = array.dtype.bytes;
    labels[i] = numpy::read_label(
        std::span(payload).subspan(i * width, width), array.dtype, i, {.count = kDigitCount},
        [&](std::string_view problem) { throw FormatError(array.payload->offset, "{}", problem); });
  }
  return labels;
}

LabelledImages read_images(std::span<const std::uint8_t> file) {
  const pickle::Pickle pickled = pickle::Machine(file).run();
  const Node& root = *pickled.root;
  const auto& dict = expect<pickle::Dict>(root, "the pickled value");
  const Array data = read_array(dict, root.offset, "data");
  const Array labels = read_array(dict, root.offset, "labels");
  Bytes pixels = read_pixels(data);
  return {std::move(pixels), read_labels(labels, data.shape[0])};
}

}  // namespace

LabelledImages read_kaggle_pickle(const std::filesystem::path& path) {
  const std::string file = read_file<DataError>(path, "Kaggle's MNIST-120k");
  try {
    return read_images(bytes_of(file));
  } catch (const FormatError& error) {
    throw DataError("{}: byte {}: {}", path.string(), error.offset(), error.what());
  }
}

}  // namespace qmnist
