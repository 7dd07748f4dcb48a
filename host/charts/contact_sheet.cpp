#include "host/charts/contact_sheet.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <iterator>
#include <vector>

#include "host/format/text.h"
#include "host/html/html.h"
#include "host/image/grey.h"
#include "host/image/png.h"
#include "host/utf8.h"

namespace qmnist {
namespace {

constexpr std::size_t kEnlarged = 4;
constexpr std::size_t kTileSide = kEnlarged * kImageSide;  // in pixels, as all lengths here
constexpr std::size_t kCellWidth = kTileSide + 16;
constexpr std::size_t kCellHeight = kTileSide + 52;
constexpr std::size_t kMargin = 16;
constexpr std::size_t kFooter = 32;

/// A file's name as XML text, shortened to the width of an image. The end is kept, because file
/// names in a folder usually differ there.
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

std::string cell(const Classification& classification, std::string_view name, std::size_t left,
                 std::size_t top) {
  const std::size_t middle = left + kTileSide / 2;
  constexpr std::size_t kShort = 3;
  const std::size_t font = columns_of(name) <= kShort ? 17 : 12;
  return fmt::format(
      "<image x='{}' y='{}' width='{}' height='{}' xlink:href='{}'/>\n"
      "<text x='{}' y='{}' font-size='{}'><tspan font-weight='bold'>{}</tspan>"
      "<tspan dx='8' font-size='{}'>{}</tspan></text>\n"
      "<text x='{}' y='{}' font-size='11' fill='#666'>{}</text>\n",
      left, top, kTileSide, kTileSide,
      png_data_uri(encode_png(enlarged(classification.input.pixels, kEnlarged))), middle,
      top + kTileSide + 18, font, escaped(name), std::min(font, std::size_t{13}),
      percent(classification.confidence()), middle, top + kTileSide + 34,
      caption(classification.name));
}

}  // namespace

std::string contact_sheet(std::span<const Classification> classifications,
                          std::span<const std::string> classes, std::size_t omitted) {
  const auto columns = static_cast<std::size_t>(
      std::ceil(std::sqrt(static_cast<double>(classifications.size()) * 1.25)));
  const std::size_t rows = (classifications.size() + columns - 1) / columns;
  const std::size_t width = kMargin + columns * kCellWidth;
  const std::size_t height = kMargin + rows * kCellHeight + (omitted > 0 ? kFooter : 0);
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' "
      "width='{0}' height='{1}' font-family='sans-serif' text-anchor='middle'>\n"
      "<rect width='{0}' height='{1}' fill='white'/>\n",
      width, height);
  for (std::size_t i = 0; i < classifications.size(); ++i) {
    svg += cell(classifications[i], classes[classifications[i].label()],
                kMargin + i % columns * kCellWidth, kMargin + i / columns * kCellHeight);
  }
  if (omitted > 0) {
    fmt::format_to(std::back_inserter(svg),
                   "<text x='{}' y='{}' font-size='13'>and {} more</text>\n", width / 2,
                   height - kFooter / 2, grouped(omitted));
  }
  return svg + "</svg>\n";
}

}  // namespace qmnist
