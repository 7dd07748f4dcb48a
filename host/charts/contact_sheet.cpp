#include "host/charts/contact_sheet.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <iterator>
#include <vector>

#include "host/format/text.h"
#include "host/html/html.h"
#include "host/image/png.h"
#include "host/utf8.h"

namespace qmnist {
namespace {

constexpr std::size_t kPictureSide = 4 * kImageSide;  // in pixels, as all lengths here
constexpr std::size_t kCellWidth = kPictureSide + 16;
constexpr std::size_t kCellHeight = kPictureSide + 52;
constexpr std::size_t kMargin = 16;
constexpr std::size_t kFoot = 32;

/// A file's name as XML text, shortened to what fits under a picture. The end is kept, as names of
/// one folder mostly differ there.
std::string caption(const std::string& name) {
  constexpr std::size_t kMaxLength = 17;  // characters
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  const std::string file = to_valid_utf8(one_line(std::filesystem::path(name).filename().string()));
  std::vector<std::size_t> starts;  // of characters
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (!continues(file[i])) {
      starts.push_back(i);
    }
  }
  return starts.size() <= kMaxLength
             ? escaped(file)
             : "…" + escaped(file.substr(starts[starts.size() - kMaxLength + 1]));
}

/// The picture enlarged here, as a viewer would blur it.
GreyImage enlarged(const Digit& input) {
  constexpr std::size_t kFactor = kPictureSide / kImageSide;
  GreyImage image{.width = kPictureSide, .height = kPictureSide, .pixels = {}};
  for (std::size_t y = 0; y < kPictureSide; ++y) {
    for (std::size_t x = 0; x < kPictureSide; ++x) {
      image.pixels.push_back(input.pixels.at(y / kFactor * kImageSide + x / kFactor));
    }
  }
  return image;
}

std::string cell(const Answer& answer, std::size_t left, std::size_t top) {
  const std::size_t middle = left + kPictureSide / 2;
  return fmt::format(
      "<image x='{}' y='{}' width='{}' height='{}' xlink:href='{}'/>\n"
      "<text x='{}' y='{}' font-size='17'><tspan font-weight='bold'>{}</tspan>"
      "<tspan dx='8' font-size='13'>{}</tspan></text>\n"
      "<text x='{}' y='{}' font-size='11' fill='#666'>{}</text>\n",
      left, top, kPictureSide, kPictureSide, png_data_uri(encode_png(enlarged(answer.input))),
      middle, top + kPictureSide + 18, answer.digit(), percent(answer.confidence()), middle,
      top + kPictureSide + 34, caption(answer.name));
}

}  // namespace

std::string contact_sheet(std::span<const Answer> answers, std::size_t left_out) {
  const auto columns =
      static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(answers.size()) * 1.25)));
  const std::size_t rows = (answers.size() + columns - 1) / columns;
  const std::size_t width = kMargin + columns * kCellWidth;
  const std::size_t height = kMargin + rows * kCellHeight + (left_out > 0 ? kFoot : 0);
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' "
      "width='{0}' height='{1}' font-family='sans-serif' text-anchor='middle'>\n"
      "<rect width='{0}' height='{1}' fill='white'/>\n",
      width, height);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    svg +=
        cell(answers[i], kMargin + i % columns * kCellWidth, kMargin + i / columns * kCellHeight);
  }
  if (left_out > 0) {
    fmt::format_to(std::back_inserter(svg),
                   "<text x='{}' y='{}' font-size='13'>and {} more</text>\n", width / 2,
                   height - kFoot / 2, grouped(left_out));
  }
  return svg + "</svg>\n";
}

}  // namespace qmnist
