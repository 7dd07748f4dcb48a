#include "host/data/pictures.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host/data/dataset.h"
#include "host/data/sha256.h"
#include "host/image/decode.h"
#include "host/image/preprocess.h"
#include "tests/support/data_checks.h"
#include "tests/support/image_fixtures.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using Levels = std::vector<std::uint8_t>;

/// The PNG file with a level that is transparent.
std::string with_transparent_level(std::string png, std::uint8_t level) {
  constexpr std::size_t kFirstChunkEnd = 33;
  std::string chunk = "tRNS\0"s + static_cast<char>(level);
  const auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(chunk.data()), static_cast<uInt>(chunk.size()));
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    chunk += static_cast<char>(sum >> shift & 0xFFU);
  }
  return png.insert(kFirstChunkEnd, "\0\0\0\x02"s + chunk);
}

/// A PPM file: a square of one colour on black.
std::string square_ppm(std::size_t side, std::string_view colour) {
  std::string file = fmt::format("P6 {0} {0} 255\n", side);
  const auto is_inside = [&](std::size_t place) { return place > side / 3 && place < side / 2; };
  for (std::size_t i = 0; i < side * side; ++i) {
    file += is_inside(i / side) && is_inside(i % side) ? colour : "\0\0\0"s;
  }
  return file;
}

/// Calls it in a thread that may use one CPU only.
void on_one_cpu(const std::function<void()>& call) {
  std::thread([&] {
    cpu_set_t all;
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
      if (CPU_ISSET(cpu, &all)) {
        CPU_SET(cpu, &one);
      }
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    call();
  }).join();
}

class PicturesTest : public testing::Test {
 protected:
  void write(std::string_view name, std::string_view content) const {
    test::write_file(folder_ / name, content);
  }
  [[nodiscard]] Levels read(std::string_view name) const {
    return read_pictures(std::vector<fs::path>{folder_ / name}).pixels;
  }
  /// Whether a file's picture is taken as it is; if not, expects it to be preprocessed.
  [[nodiscard]] bool is_taken_as_it_is(const std::string& name, std::string_view content) const {
    SCOPED_TRACE(name);
    write(name, content);
    const Levels pixels = read(name);
    const ColourImage picture = decode_image(test::bytes_of(std::string(content)), name);
    Levels reds;
    for (std::size_t i = 0; i < picture.pixels.size(); i += ColourImage::kChannels) {
      reds.push_back(picture.pixels[i]);
    }
    if (pixels == reds) {
      return true;
    }
    EXPECT_TRUE(std::ranges::equal(pixels, preprocess(picture, Preprocess::kAuto, name).pixels));
    return false;
  }
  [[nodiscard]] bool is_fixture_taken_as_it_is(const std::string& name) const {
    return is_taken_as_it_is(name, test::read_file(test::image_fixture(name)));
  }

  test::TemporaryFolder folder_;
};

TEST_F(PicturesTest, GreyOnesOf28x28AreTakenAsTheyAre) {
  const Levels levels = test::random_levels(5);
  EXPECT_TRUE(is_taken_as_it_is("grey.png", test::grey_png(levels)));
  EXPECT_EQ(read("grey.png"), levels);
  EXPECT_TRUE(is_taken_as_it_is("grey.pgm", test::pgm(28, 28, levels)));
  EXPECT_TRUE(is_taken_as_it_is("blank.png", test::grey_png(Levels(kPixels))));
  EXPECT_TRUE(is_taken_as_it_is("grey.ppm", square_ppm(28, "\xC0\xC0\xC0")));
  EXPECT_TRUE(is_fixture_taken_as_it_is("same_28x28.png"));
}

TEST_F(PicturesTest, OthersArePreprocessedAsForPredict) {
  EXPECT_FALSE(is_taken_as_it_is("blue.ppm", square_ppm(28, "\xC0\xC0\xC1")));
  EXPECT_FALSE(is_taken_as_it_is("green.ppm", square_ppm(28, "\xC0\xC1\xC0")));
  EXPECT_FALSE(is_taken_as_it_is("larger.ppm", square_ppm(29, "\xC0\xC0\xC0")));
  Levels stroke(kPixels, 255);
  std::fill_n(stroke.begin() + 280, 200, std::uint8_t{7});
  EXPECT_FALSE(
      is_taken_as_it_is("transparent.png", with_transparent_level(test::grey_png(stroke), 255)));
  stroke.insert(stroke.end(), kImageSide, 255);
  EXPECT_FALSE(is_taken_as_it_is("high.pgm", test::pgm(28, 29, stroke)));
  EXPECT_FALSE(is_taken_as_it_is("wide.pgm", test::pgm(29, 28, stroke)));
  for (const char* name : {"bright_28x28.png", "grey_50x70.jpg", "palette_45x30.gif",
                           "colour_40x30.tiff", "lossy_64x48.webp", "colour_45x30.bmp"}) {
    EXPECT_FALSE(is_fixture_taken_as_it_is(name)) << name;
  }
}

TEST_F(PicturesTest, AreTheSameWithAnyNumberOfThreads) {
  std::vector<fs::path> files;
  Levels pixels;
  std::vector<std::string> sums;
  for (std::uint32_t i = 0; i < 300; ++i) {
    const Levels levels = test::random_levels(i);
    files.push_back(folder_ / fmt::format("{}.png", i));
    test::write_file(files.back(), test::grey_png(levels));
    pixels.insert(pixels.end(), levels.begin(), levels.end());
    sums.push_back(sha256_of_file(files.back()));
  }
  const auto expect_all = [&] {
    const Pictures pictures = read_pictures(files);
    EXPECT_TRUE(pictures.pixels == pixels);
    EXPECT_TRUE(pictures.sha256 == sums);
  };
  expect_all();
  on_one_cpu(expect_all);
}

TEST_F(PicturesTest, TheFirstThatIsWrongIsNamed) {
  std::vector<fs::path> files(50, folder_ / "good.png");
  files[43] = folder_ / "slow.pgm";
  files[44] = folder_ / "cut.png";
  files[45] = folder_ / "empty.png";
  write("good.png", test::grey_png(test::random_levels(1)));
  write("slow.pgm", test::pgm(500, 500, Levels(250000, 255)));
  write("cut.png", test::grey_png(test::random_levels(2)).substr(0, 700));
  write("empty.png", "");
  const auto expect_error = [&](std::string_view name, std::string_view words) {
    EXPECT_TRUE(test::data_error_of([&] {
                  (void)read_pictures(files);
                }).starts_with((folder_ / name).string() + ": " + std::string(words)));
  };
  for (int i = 0; i < 10; ++i) {  // it takes longer than the others
    expect_error("slow.pgm", "no ink found; expected a digit");
  }
  on_one_cpu([&] { expect_error("slow.pgm", "no ink found"); });
  fs::remove(folder_ / "slow.pgm");
  expect_error("slow.pgm", "cannot be read: No such file or directory; expected an image");
  files[43] = files[0];
  expect_error("cut.png", "damaged PNG: ends at byte 700");
  files[44] = files[0];
  expect_error("empty.png", "is empty; expected a PNG, JPEG, ");
  files[45] = files[0];
  EXPECT_EQ(read_pictures(files).sha256.size(), 50U);
}

TEST_F(PicturesTest, TellHowManyWereRead) {
  write("good.png", test::grey_png(test::random_levels(1)));
  const std::vector<fs::path> files(50, folder_ / "good.png");
  std::size_t calls = 0;
  (void)read_pictures(files, [&](std::size_t done, std::size_t count) {
    EXPECT_EQ(count, 50U);
    EXPECT_TRUE(done >= 1 && done <= count) << done;
    ++calls;
  });
  EXPECT_TRUE(calls >= 1 && calls <= 50) << calls;
}

}  // namespace
}  // namespace qmnist
