#include "host/data/npy.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>

#include "host/data/printable.h"
#include "host/error.h"

namespace qmnist::numpy {
namespace {

constexpr std::array<std::string_view, 10> kTypes = {"u1", "u2", "u4", "u8", "i1",
                                                     "i2", "i4", "i8", "f4", "f8"};
constexpr std::size_t kMaxDimensions = 4;

/// What the dict in a header says, as far as it was read.
struct Header {
  std::optional<Type> type;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::uint64_t>> shape;
};

/// Reads the header of a file, from its start.
class HeaderReader {
 public:
  HeaderReader(std::span<const std::uint8_t> content, std::string_view file)
      : content_(reinterpret_cast<const char*>(content.data()), content.size()), file_(file) {}

  Header read() {
    end_ = read_length();
    Header header;
    expect("{");
    while (!take("}")) {
      read_entry(header);
      if (!take(",")) {
        expect("}");
        break;
      }
    }
    while (position_ < end_ && (content_[position_] == ' ' || content_[position_] == '\n')) {
      ++position_;
    }
    if (position_ != end_) {
      fail("expected spaces to the header's end");
    }
    if (!header.type || !header.fortran_order || !header.shape) {
      fail("the header's dict is not complete; expected descr, fortran_order and shape");
    }
    return header;
  }

  /// Where the values begin.
  [[nodiscard]] std::size_t end() const { return end_; }

 private:
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw DataError("{}: byte {}: {}", file_, position_,
                    fmt::format(format, std::forward<Args>(args)...));
  }

  /// Reads what stands before the dict; the header's end is also that of what may be read.
  std::size_t read_length() {
    using namespace std::string_view_literals;
    constexpr std::string_view kMagic = "\x93NUMPY"sv;
    if (!content_.starts_with(kMagic)) {
      fail("has no magic \\x93NUMPY; expected a .npy file");
    }
    position_ = kMagic.size();
    const std::string_view version = content_.substr(position_, 2);
    if (version != "\1\0"sv && version != "\2\0"sv && version != "\3\0"sv) {
      fail("unknown format version; expected 1.0, 2.0 or 3.0");
    }
    position_ += 2;
    const std::size_t width = version[0] == 1 ? 2 : 4;
    const std::string_view digits = content_.substr(position_, width);
    std::size_t length = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      length |= std::size_t{static_cast<std::uint8_t>(digits[i])} << 8 * i;
    }
    const std::size_t first = position_ + width;
    if (digits.size() < width || length > content_.size() - first) {
      fail("the file ends at byte {}, within its header", content_.size());
    }
    position_ = first;
    return first + length;
  }

  /// Whether the text comes next, behind spaces; if so, moves behind it.
  bool take(std::string_view text) {
    while (position_ < end_ && content_[position_] == ' ') {
      ++position_;
    }
    const bool is_next = content_.substr(position_, end_ - position_).starts_with(text);
    position_ += is_next ? text.size() : 0;
    return is_next;
  }

  void expect(std::string_view text) {
    if (!take(text)) {
      fail("expected {} in the header's dict", text);
    }
  }

  std::string_view read_text() {
    const std::string_view quote = take("\"") ? "\"" : "'";
    if (quote == "'") {
      expect(quote);
    }
    const std::string_view rest = content_.substr(position_, end_ - position_);
    const std::size_t size = rest.find(quote);
    if (size == std::string_view::npos) {
      fail("expected {} at the end of a text", quote);
    }
    position_ += size + 1;
    return rest.substr(0, size);
  }

  template <typename Value>
  void set(std::optional<Value>& entry, std::string_view key, Value value) {
    if (entry) {
      fail("the header's dict has {} twice", key);
    }
    entry = std::move(value);
  }

  void read_entry(Header& header) {
    const std::string_view key = read_text();
    expect(":");
    if (key == "descr") {
      set(header.type, key, read_type());
    } else if (key == "fortran_order") {
      set(header.fortran_order, key, read_bool());
    } else if (key == "shape") {
      set(header.shape, key, read_shape());
    } else {
      fail("the header's dict has the key {}; expected descr, fortran_order and shape",
           printable(key));
    }
  }

  Type read_type() {
    if (take("[")) {
      fail("the array has a structured dtype; expected numbers");
    }
    const std::size_t start = position_;
    const std::string_view text = read_text();
    const std::string_view name = text.substr(std::min<std::size_t>(1, text.size()));
    const bool is_known = std::ranges::find(kTypes, name) != kTypes.end();
    const bool has_order =
        is_known && (text[0] == '<' || text[0] == '>' || (text[0] == '|' && name[1] == '1'));
    if (!has_order) {
      position_ = start;
      fail("dtype {}; expected one of {}, with < or > before it or, of one byte, |",
           printable(text), fmt::join(kTypes, ", "));
    }
    return {.kind = name[0],
            .bytes = static_cast<std::size_t>(name[1] - '0'),
            .big_endian = text[0] == '>'};
  }

  bool read_bool() {
    if (take("True")) {
      return true;
    }
    expect("False");
    return false;
  }

  std::uint64_t read_size() {
    constexpr std::uint64_t kLimit = std::numeric_limits<std::uint64_t>::max() / 10 - 1;
    take("");
    const std::size_t start = position_;
    std::uint64_t size = 0;
    while (position_ < end_ && content_[position_] >= '0' && content_[position_] <= '9') {
      size = 10 * size + static_cast<std::uint64_t>(content_[position_] - '0');
      ++position_;
      if (size > kLimit) {
        fail("a size of the shape is too large");
      }
    }
    if (position_ == start) {
      fail("expected a size of the shape");
    }
    return size;
  }

  std::vector<std::uint64_t> read_shape() {
    std::vector<std::uint64_t> shape;
    expect("(");
    while (!take(")")) {
      if (shape.size() == kMaxDimensions) {
        fail("the array has more dimensions than {}", kMaxDimensions);
      }
      shape.push_back(read_size());
      if (!take(",")) {
        expect(")");
        break;
      }
    }
    return shape;
  }

  std::string_view content_;
  std::string_view file_;
  std::size_t position_ = 0;
  std::size_t end_ = 0;
};

/// The bytes that an array needs; no file has as many where that overflows.
std::uint64_t size_of(const Header& header) {
  constexpr std::uint64_t kNoSize = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t size = header.type->bytes;
  for (const std::uint64_t length : *header.shape) {
    size = length != 0 && size > kNoSize / length ? kNoSize : size * length;
  }
  return size;
}

}  // namespace

Array parse_npy(std::span<const std::uint8_t> content, std::string_view file) {
  HeaderReader reader(content, file);
  Header header = reader.read();
  const auto values = content.subspan(reader.end());
  if (values.size() != size_of(header)) {
    throw DataError("{}: byte {}: {} bytes follow the header; expected {}, for shape ({}) of {}{}",
                    file, reader.end(), values.size(), size_of(header),
                    fmt::join(*header.shape, ", "), header.type->kind, header.type->bytes);
  }
  return {.file = std::string(file),
          .offset = reader.end(),
          .shape = *std::move(header.shape),
          .type = *header.type,
          .fortran_order = *header.fortran_order,
          .values = values};
}

}  // namespace qmnist::numpy
