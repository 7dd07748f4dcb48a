#include "host/data/csv.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/data/dataset.h"
#include "host/data/printable.h"
#include "host/error.h"

namespace qmnist {
namespace {

constexpr unsigned kNoNumber = 1000;
constexpr unsigned kMaxLevel = 255;

/// What the lines of a file hold.
struct Columns {
  bool has_label;  ///< before the pixels
  std::string text;
  LabelRange labels = {};

  [[nodiscard]] std::size_t count() const { return kPixels + (has_label ? 1 : 0); }
};

/// Gives out the lines of a file, of which it holds one block at a time.
class LineReader {
 public:
  explicit LineReader(ByteReader& file) : file_(file), buffer_(kBlock + kSlack, '\n') {}

  /// The next line without its end, LF or CRLF. Its end and kSlack bytes behind it may be read.
  std::optional<std::string_view> next() {
    for (;;) {
      const std::string_view held(buffer_.data() + begin_, end_ - begin_);
      const std::size_t size = std::min(held.find('\n'), held.size());
      if (size < held.size() || (is_last_block_ && size > 0)) {
        ++number_;
        begin_ = std::min(begin_ + size + 1, end_);
        const std::string_view line = held.substr(0, size);
        return line.ends_with('\r') ? line.substr(0, size - 1) : line;
      }
      if (is_last_block_) {
        file_.expect_end("the data end here");
        return std::nullopt;
      }
      if (size == kBlock) {
        fail(fmt::format("is longer than {} bytes; expected {} pixels", kBlock, kPixels),
             number_ + 1);
      }
      refill();
    }
  }

  [[noreturn]] void fail(std::string_view problem) const { fail(problem, number_); }

 private:
  static constexpr std::size_t kBlock = std::size_t{1} << 18U;
  static constexpr std::size_t kSlack = 8;

  [[noreturn]] void fail(std::string_view problem, std::size_t number) const {
    throw DataError("{}: line {}: {}", file_.path(), number, problem);
  }

  void refill() {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    const std::size_t wanted = kBlock - end_;
    const std::size_t got =
        file_.read_some({reinterpret_cast<std::uint8_t*>(buffer_.data()) + end_, wanted});
    end_ += got;
    is_last_block_ = got < wanted;
    buffer_[end_] = '\n';
  }

  ByteReader& file_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what was not given out
  std::size_t end_ = 0;
  bool is_last_block_ = false;
  std::size_t number_ = 0;  ///< of the line given out last
};

unsigned digit(char character) {
  return static_cast<unsigned char>(character) - unsigned{'0'};
}

/// Moves `at` behind a whole number of at most three digits, perhaps in quotes, and returns it;
/// kNoNumber where there is none.
inline unsigned take_number(const char*& at) {
  const bool is_quoted = *at == '"';
  at += is_quoted ? 1 : 0;
  unsigned number = digit(*at);
  if (number > 9) {
    return kNoNumber;
  }
  ++at;
  for (int more = 0; more < 2 && digit(*at) <= 9; ++more) {
    number = 10 * number + digit(*at++);
  }
  if (is_quoted && *at++ != '"') {
    return kNoNumber;
  }
  return number;
}

/// Reads the pixels behind a line's first number, which `at` stands behind, into zeros.
bool take_pixels(const char* at, const char* end, std::span<std::uint8_t> pixels) {
  constexpr std::string_view kZeros = ",0,0,0,0";
  constexpr std::size_t kInZeros = kZeros.size() / 2;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    // The next field begins behind them, so that the last one is no 0 of "05".
    while (i + kInZeros < pixels.size() && std::memcmp(at, kZeros.data(), kZeros.size()) == 0 &&
           at[kZeros.size()] == ',') {
      i += kInZeros;
      at += kZeros.size();
    }
    if (*at++ != ',') {
      return false;
    }
    const unsigned level = take_number(at);
    if (level > kMaxLevel) {
      return false;
    }
    pixels[i] = static_cast<std::uint8_t>(level);
  }
  return at == end;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) {
      return fields;
    }
    line.remove_prefix(comma + 1);
  }
}

std::string_view unquoted(std::string_view field) {
  const bool is_quoted = field.size() >= 2 && field.front() == '"' && field.back() == '"';
  return is_quoted ? field.substr(1, field.size() - 2) : field;
}

void check_count(const LineReader& lines, std::size_t count, const Columns& columns) {
  if (count != columns.count()) {
    lines.fail(fmt::format("has {} columns; expected {}{}", count, columns.text,
                           count == 1 ? ", with commas between" : ""));
  }
}

/// Says what is wrong with a line whose fields cannot be read.
[[noreturn]] void fail_line(const LineReader& lines, std::string_view line,
                            const Columns& columns) {
  const std::vector<std::string_view> fields = split(line);
  check_count(lines, fields.size(), columns);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string text = std::string(fields[i]) + '\n';
    const char* at = text.data();
    const unsigned number = take_number(at);
    if (number > kMaxLevel || at != text.data() + fields[i].size()) {
      lines.fail(fmt::format("field {} is \"{}\"; expected a whole number from 0 to {}", i + 1,
                             printable(fields[i]), kMaxLevel));
    }
  }
  lines.fail(fmt::format("is not one of {}", columns.text));
}

/// The numbers in a column's name: 3 and 14 of "3x14".
std::vector<unsigned> numbers_in(std::string_view name) {
  std::vector<unsigned> numbers;
  for (const char* at = name.begin(); at != name.end();) {
    unsigned number = 0;
    const auto [behind, error] = std::from_chars(at, name.end(), number);
    if (error == std::errc()) {
      numbers.push_back(number);
    }
    at = behind == at ? at + 1 : behind;
  }
  return numbers;
}

void check_names(const LineReader& lines, std::string_view line, const Columns& columns) {
  const std::vector<std::string_view> names = split(line);
  if (columns.has_label && unquoted(names.front()) != "label") {
    lines.fail(fmt::format("the first column is \"{}\"; expected label, then {} pixels",
                           printable(unquoted(names.front())), kPixels));
  }
  check_count(lines, names.size(), columns);
  std::vector<unsigned> previous;
  for (std::size_t i = columns.has_label ? 1 : 0; i < names.size(); ++i) {
    std::vector<unsigned> numbers = numbers_in(unquoted(names[i]));
    if (numbers <= previous) {
      lines.fail(
          fmt::format("column {} is \"{}\"; expected names whose numbers ascend, as pixel0, "
                      "pixel1, ... or 1x1, 1x2, ...",
                      i + 1, printable(unquoted(names[i]))));
    }
    previous = std::move(numbers);
  }
}

bool has_names(std::string_view line) {
  const std::string_view first = unquoted(line.substr(0, line.find(',')));
  return first.empty() || digit(first.front()) > 9 || first == "1x1";
}

void append_row(const LineReader& lines, std::string_view line, const Columns& columns,
                LabelledImages& images) {
  const std::size_t image = images.pixels.size() / kPixels;
  images.pixels.resize((image + 1) * kPixels);
  const std::span pixels = std::span(images.pixels).last(kPixels);
  const char* at = line.data();
  const unsigned first = take_number(at);
  if (first > kMaxLevel ||
      !take_pixels(at, line.data() + line.size(), columns.has_label ? pixels : pixels.subspan(1))) {
    fail_line(lines, line, columns);
  }
  if (columns.has_label) {
    images.labels.push_back(checked_label(image, first, columns.labels,
                                          [&](std::string_view problem) { lines.fail(problem); }));
  } else {
    pixels.front() = static_cast<std::uint8_t>(first);
  }
}

/// Reads a file to its end; without labels where it has none.
LabelledImages read_lines(ByteReader& file, const Columns& columns) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  LineReader lines(file);
  std::optional<std::string_view> line = lines.next();
  if (line && line->starts_with(kByteOrderMark)) {
    line->remove_prefix(kByteOrderMark.size());
  }
  if (line && has_names(*line)) {
    check_names(lines, *line, columns);
    line = lines.next();
  }
  LabelledImages images;
  for (; line; line = lines.next()) {
    append_row(lines, *line, columns, images);
  }
  if (images.pixels.empty()) {
    throw DataError("{}: has no images; expected lines of {}", file.path(), columns.text);
  }
  return images;
}

}  // namespace

LabelledImages read_csv(ByteReader& file, const LabelRange& labels) {
  return read_lines(
      file,
      {.has_label = true, .text = fmt::format("a label and {} pixels", kPixels), .labels = labels});
}

std::vector<std::uint8_t> read_unlabelled_csv(ByteReader& file) {
  return read_lines(file,
                    {.has_label = false, .text = fmt::format("{} pixels without a label", kPixels)})
      .pixels;
}

}  // namespace qmnist
