#include "host/report/contact_sheet.h"

#include <fmt/format.h>
#include <glib.h>

#include <cmath>
#include <filesystem>
#include <iterator>
#include <memory>

#include "host/image/png.h"
#include "host/report/html.h"
#include "host/report/text.h"

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
  constexpr glong kLongest = 17;
  using Text = std::unique_ptr<char, decltype(&g_free)>;
  const std::string file = one_line(std::filesystem::path(name).filename().string());
  const Text valid(g_utf8_make_valid(file.data(), static_cast<gssize>(file.size())), g_free);
  const glong length = g_utf8_strlen(valid.get(), -1);
  const bool is_long = length > kLongest;
  const char* shown =
      is_long ? g_utf8_offset_to_pointer(valid.get(), length - kLongest + 1) : valid.get();
  return (is_long ? "…" : "") + escaped(shown);
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
