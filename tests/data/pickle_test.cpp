#include "host/data/pickle.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

using namespace std::string_literals;

constexpr std::int64_t kCount = 3;
constexpr std::int64_t kHuge = std::int64_t{1} << 62;
const fs::path kFixtures = test::source_dir() / "tests/fixtures/pickle";

// The images of make_pickles.py.
LabelledImages expected_images() {
  LabelledImages images;
  for (std::int64_t i = 0; i < kCount * 28 * 28; ++i) {
    images.pixels.push_back(static_cast<std::uint8_t>(7 * i % 256));
  }
  images.labels = {2, 5, 8};
  return images;
}

std::vector<fs::path> pickles_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".pkl") {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

void expect_images(const fs::path& path) {
  SCOPED_TRACE(path.string());
  const LabelledImages expected = expected_images();
  try {
    const LabelledImages read = read_kaggle_pickle(path);
    EXPECT_EQ(read.labels, expected.labels);
    EXPECT_TRUE(read.pixels == expected.pixels);
  } catch (const Error& error) {
    ADD_FAILURE() << error.what();
  }
}

// The message of the DataError that reading throws; empty if it throws none.
std::string pickle_error(const fs::path& path) {
  try {
    const LabelledImages images = read_kaggle_pickle(path);
    EXPECT_EQ(images.pixels.size(), images.labels.size() * 28 * 28);
    EXPECT_TRUE(std::ranges::all_of(images.labels, [](auto label) { return label <= 9; }));
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

std::string pickle_number(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    text.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  }
  return text;
}

std::string integer(std::int64_t value) {
  return "\x8a\x08" + pickle_number(static_cast<std::uint64_t>(value), 8);
}
std::string text(std::string_view value) {
  return "X" + pickle_number(value.size(), 4) + std::string(value);
}
std::string bytes(std::string_view value) {
  return "B" + pickle_number(value.size(), 4) + std::string(value);
}

// An array as a test wants it written; every part may lie.
struct ArraySpec {
  std::vector<std::int64_t> shape;
  std::string payload;
  std::string dtype = "u1";
  std::string byte_order = "|";
};

ArraySpec good_data() {
  const std::vector<std::uint8_t> pixels = expected_images().pixels;
  return {.shape = {kCount, 28, 28}, .payload = bytes(std::string(pixels.begin(), pixels.end()))};
}
ArraySpec good_labels() {
  return {.shape = {kCount, 1}, .payload = bytes("\2\5\10")};
}

std::string pickled_shape(const ArraySpec& array) {
  std::string shape = "(";
  for (const std::int64_t length : array.shape) {
    shape += integer(length);
  }
  return shape + "t";
}

std::string pickled_dtype(const ArraySpec& array) {
  return "cnumpy\ndtype\n" + text(array.dtype) + "\x89\x88\x87R(K\3" + text(array.byte_order) +
         "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"s;
}

std::string pickled(const ArraySpec& array) {
  return "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"s + bytes("b") +
         "\x87R(K\1" + pickled_shape(array) + pickled_dtype(array) + "\x89" + array.payload + "tb";
}

// The way of protocol 5.
std::string pickled_buffer(const ArraySpec& array, std::string_view order) {
  return "cnumpy._core.numeric\n_frombuffer\n(" + array.payload + pickled_dtype(array) +
         pickled_shape(array) + text(order) + "tR";
}

std::string pickled(const std::string& data, const std::string& labels) {
  return "\x80\3}(" + text("data") + data + text("labels") + labels + "u.";
}

std::string pickled(const ArraySpec& data, const ArraySpec& labels) {
  return pickled(pickled(data), pickled(labels));
}

class PickleTest : public testing::Test {
 protected:
  [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

  [[nodiscard]] fs::path written(std::string_view content) const {
    fs::path path = folder() / "images.pkl";
    test::write_file(path, content);
    return path;
  }

  // Expects a DataError about that content which names the file and has each of the words.
  void expect_error(std::string_view content, const std::vector<std::string>& words) const {
    const fs::path path = written(content);
    const std::string message = pickle_error(path);
    EXPECT_TRUE(message.starts_with(path.string() + ": byte ")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (const std::string& word : words) {
      EXPECT_NE(message.find(word), std::string::npos) << message << "\nlacks: " << word;
    }
  }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(PickleTest, ReadsCommittedPickles) {
  const std::vector<fs::path> paths = pickles_in(kFixtures);
  EXPECT_EQ(paths.size(), 14U);
  for (const fs::path& path : paths) {
    expect_images(path);
  }
}

bool has_numpy() {
  try {
    return test::run_program({"python3", "-c", "import numpy"}).status == 0;
  } catch (const std::runtime_error&) {  // no python3
    return false;
  }
}

TEST_F(PickleTest, ReadsWhatPythonWrites) {
  if (!has_numpy()) {
    GTEST_SKIP() << "python3 with numpy is not installed";
  }
  const auto python = test::run_program({"python3", kFixtures / "make_pickles.py", folder()});
  ASSERT_EQ(python.status, 0) << python.errors;
  const std::vector<fs::path> paths = pickles_in(folder());
  EXPECT_GE(paths.size(), 4U * 16 * 2 * 2 * 2);
  for (const fs::path& path : paths) {
    expect_images(path);
  }
}

TEST_F(PickleTest, ReadsLabelsOfAnyIntegerDtype) {
  for (const std::string dtype : {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"}) {
    for (const std::string order : {"<", ">"}) {
      std::string payload;
      for (const std::uint64_t label : {2U, 5U, 8U}) {
        std::string item = pickle_number(label, static_cast<std::size_t>(dtype[1] - '0'));
        payload += order == "<" ? item : std::string(item.rbegin(), item.rend());
      }
      const ArraySpec labels = {{kCount}, bytes(payload), dtype, order};
      expect_images(written(pickled(good_data(), labels)));
    }
  }
}

TEST_F(PickleTest, RefusesEveryTruncation) {
  for (const fs::path& fixture : pickles_in(kFixtures)) {
    const fs::path copy = folder() / fixture.filename();
    fs::copy_file(fixture, copy);
    fs::permissions(copy, fs::perms::owner_write, fs::perm_options::add);
    for (std::uintmax_t size = fs::file_size(fixture); size-- > 0;) {
      fs::resize_file(copy, size);
      ASSERT_NE(pickle_error(copy), "") << fixture << " cut to " << size << " bytes";
    }
  }
}

// pickle_error() checks what is returned; this test is for the sanitizers as much.
TEST_F(PickleTest, SurvivesEveryDamagedByte) {
  std::size_t refused = 0;
  for (const fs::path& fixture : pickles_in(kFixtures)) {
    const std::string content = test::read_file(fixture);
    const fs::path copy = written(content);
    std::fstream damaged(copy, std::ios::binary | std::ios::in | std::ios::out);
    for (std::size_t i = 0; i < content.size(); ++i) {
      const auto set_byte = [&](int byte) {
        damaged.seekp(static_cast<std::streamoff>(i)).put(static_cast<char>(byte)).flush();
      };
      for (const int byte : {content[i] ^ 0x01, content[i] ^ 0x80, 0xFF}) {
        set_byte(byte);
        refused += pickle_error(copy).empty() ? 0U : 1U;
      }
      set_byte(content[i]);
    }
    expect_images(copy);
  }
  EXPECT_GT(refused, 10'000U);
}

TEST_F(PickleTest, RefusesGlobalsByNameAndRunsNothing) {
  const fs::path marker = folder() / "ran";
  const std::string command = text("touch " + marker.string()) + "\x85R.";
  expect_error("\x80\2cos\nsystem\n" + command, {"byte 2:", "global os.system"});
  expect_error("\x80\2cposix\nsystem\n" + command, {"byte 2:", "global posix.system"});
  expect_error("\x80\4\x8c\x08"s + "builtins\x8c\x04" + "eval\x93" + command,
               {"byte 18:", "global builtins.eval"});
  expect_error("\x80\4" + text("numpy\n") + text(std::string(200, '\x01')) + "\x93.",
               {"global numpy?.??"});
  EXPECT_FALSE(fs::exists(marker));
}

TEST_F(PickleTest, RefusesOpcodesThatDigitsDoNotNeed) {
  expect_error("\x80\3]."s, {"byte 2:", "0x5d"});
  expect_error("\x80\4\x81."s, {"byte 2:", "0x81"});
}

TEST_F(PickleTest, RefusesWhatIsNoPickle) {
  for (const std::string& content :
       {""s, "\x80"s, "\x80\1."s, "\x80\6."s, "PK\3\4"s, "\x1f\x8b\x08"s}) {
    expect_error(content, {"byte 0:", "protocol 2 to 5"});
  }
  expect_error("\x80\2.", {"byte 2:", "without a value"});
  expect_error("\x80\2N.", {"byte 2:", "None", "expected dict"});
  expect_error("\x80\2}.", {"byte 2:", "no 'data'"});
  EXPECT_NE(pickle_error(folder() / "absent").find("absent: cannot be read: No such file"),
            std::string::npos);
  EXPECT_NE(pickle_error(folder()).find(folder().string() + ": cannot be read: Is a directory"),
            std::string::npos);
}

TEST_F(PickleTest, RefusesBytesAfterTheEnd) {
  const std::string good = pickled(good_data(), good_labels());
  expect_images(written(good));
  expect_error(good + "\n", {fmt::format("byte {}: 1 bytes after the end", good.size())});
}

TEST_F(PickleTest, RefusesLabelsThatAreNoDigits) {
  ArraySpec labels = good_labels();
  labels.payload = bytes("\1\2\12");
  expect_error(pickled(good_data(), labels), {"label of image 2 is 10"});
  labels.payload = bytes("\1\xff\2");
  expect_error(pickled(good_data(), labels), {"label of image 1 is 255"});
  labels.dtype = "i1";
  expect_error(pickled(good_data(), labels), {"label of image 1 is -1"});
  labels = {{kCount}, bytes(std::string(24, '\xff')), "u8", "<"};
  expect_error(pickled(good_data(), labels), {"label of image 0 is 18446744073709551615"});
}

TEST_F(PickleTest, RefusesCountsThatDoNotMatch) {
  expect_error(pickled(good_data(), {{2, 1}, bytes("\1\2")}), {"'labels'", "(2, 1)", "(3, 1)"});
  expect_error(pickled(good_data(), {{4}, bytes("\1\2\3\4")}), {"'labels'", "(4)", "(3)"});
  expect_error(pickled(good_data(), {{3, 1}, bytes("\1\2")}), {"'labels'", "needs 3 bytes", "2"});
  expect_error(pickled(good_data(), {{3, 1}, bytes("\1\2\3\4")}), {"needs 3 bytes", "4"});
}

TEST_F(PickleTest, RefusesOtherDtypes) {
  ArraySpec labels = {{1}, bytes(std::string(24, '\0')), "f8", "<"};
  expect_error(pickled(good_data(), labels), {"dtype 'f8'", "i8"});
  labels.dtype = "i8";
  labels.byte_order = "=";
  expect_error(pickled(good_data(), labels), {"byte order '='"});
  ArraySpec data = good_data();
  data.dtype = "i1";
  expect_error(pickled(data, good_labels()), {"'data' has dtype i1; expected u1"});
  data.dtype = "u2";
  expect_error(pickled(data, good_labels()), {"'data' has dtype u2; expected u1"});
}

TEST_F(PickleTest, RefusesOtherShapes) {
  struct Case {
    std::vector<std::int64_t> shape;
    std::string word;
  };
  for (const auto& [shape, word] :
       {Case{{}, "the shape has 0 items"}, Case{{3}, "(3)"}, Case{{3, 784}, "(3, 784)"},
        Case{{3, 28, 27}, "(3, 28, 27)"}, Case{{3, 28, 28, 1}, "4 dimensions"},
        Case{{-3, 28, 28}, "shape is -3"}}) {
    ArraySpec data = good_data();
    data.shape = shape;
    expect_error(pickled(data, good_labels()), {word});
  }
  for (const std::int64_t count : {std::int64_t{2}, std::int64_t{4}, kHuge, 3 + kHuge}) {
    ArraySpec data = good_data();
    data.shape[0] = count;  // for kHuge, count * 784 overflows: for 3 + kHuge to what would fit
    expect_error(pickled(data, {{count}, bytes("\2\5\10")}), {"'data'", "2352"});
  }
  expect_error(pickled(good_data(), {{1, 3}, bytes("\1\2\3")}), {"'labels'", "(1, 3)"});
}

TEST_F(PickleTest, RefusesFilesWithoutImages) {
  expect_error(pickled({{0, 28, 28}, bytes("")}, {{0, 1}, bytes("")}), {"(0, 28, 28)"});
}

TEST_F(PickleTest, RefusesPermutedAxes) {
  const std::string labels = pickled(good_labels());
  expect_images(written(pickled(pickled_buffer(good_data(), "C"), labels)));
  expect_error(pickled(pickled_buffer(good_data(), "K"), labels), {"axes are permuted"});
}

TEST_F(PickleTest, RefusesLatin1TextThatDoesNotFit) {
  const auto encoded = [](std::string_view utf8) {
    // The MEMOIZE after the text would pass for the second byte of a character cut in half.
    return "c_codecs\nencode\n" + text(utf8) + "\x94" + text("latin1") + "\x86R";
  };
  const auto labels = [](const std::string& payload) { return ArraySpec{{kCount, 1}, payload}; };
  expect_images(written(pickled(good_data(), labels(encoded("\2\5\10")))));
  const ArraySpec tebibytes = {{std::int64_t{1} << 40, 28, 28}, encoded("\2\5\10")};
  expect_error(pickled(tebibytes, good_labels()), {"'data'", "fewer"});
  expect_error(pickled(good_data(), labels(encoded("\2\5"))), {"'labels'", "fewer"});
  expect_error(pickled(good_data(), labels(encoded("\2\xc3\xbf"))), {"'labels'", "fewer"});
  expect_error(pickled(good_data(), labels(encoded("\2\5\10\1"))), {"'labels'", "more"});
  expect_error(pickled(good_data(), labels(encoded("\2\5\xc2"))), {"not Latin-1"});
  expect_error(pickled(good_data(), labels(encoded("\2\5\xc4\x80"))), {"not Latin-1"});
  expect_error(pickled(good_data(), labels(encoded("\2\5\xc2\1"))), {"not Latin-1"});
}

TEST_F(PickleTest, RefusesLengthsBeyondTheFile) {
  const std::string huge = pickle_number(std::uint64_t{1} << 63, 8);
  for (const std::string& opcode : {"\x8e"s, "\x96"s}) {
    expect_error(fmt::format("\x80\5{}{}abc.", opcode, huge),
                 {"byte 2:", "needs 9223372036854775808"});
  }
  expect_error("\x80\4\x95" + huge + ".", {"byte 2:", "FRAME"});
  expect_error("\x80\3X\xff\xff\xff\xff.", {"byte 2:", "needs 4294967295"});
  expect_error("\x80\2T\xff\xff\xff\xff.", {"byte 2:", "needs 4294967295"});
  expect_error("\x80\2\x8a\x09" + std::string(9, '\0') + ".", {"byte 2:", "LONG1", "at most 8"});
}

TEST_F(PickleTest, RefusesAnUnbalancedStack) {
  for (const std::string body :
       {"t", "u", "s", "R", "b", "\x94", "q\1", "\x85", "\x93", "N\x86", "(N\x86", "N(\x85",
        "NN(\x86t", "N(u", "(NNu", "}NNs", "NNR", "}Nb"}) {
    expect_error("\x80\4" + body + ".", {"stack"});
  }
  expect_error("\x80\4}(Nu.", {"key without a value"});
  expect_error("\x80\2h\7.", {"byte 2:", "memo entry 7"});
}

TEST_F(PickleTest, SurvivesValuesThatHoldThemselves) {
  const std::string dict_in_tuple_in_itself = "\x80\2}q"s + '\0' + text("data") + "h"s + '\0' +
                                              "\x85s" + text("labels") + "h"s + '\0' + "s.";
  expect_error(dict_in_tuple_in_itself, {"'data' is tuple"});
  const std::string array_that_is_its_state = "cnumpy.core.multiarray\n_reconstruct\n)Rq\1h\1b"s;
  expect_error(pickled(array_that_is_its_state, pickled(good_labels())), {"state is call"});
  const std::string bytes_of_itself = "c_codecs\nencode\n)Rq\1h\1" + text("latin1") +
                                      "\x86"
                                      "b";
  ArraySpec data = good_data();
  data.payload = bytes_of_itself;
  expect_error(pickled(data, good_labels()), {"arguments"});
}

TEST_F(PickleTest, BoundsNestingAndMemoAbuse) {
  std::string nested(9'000, '\x85');
  expect_error("\x80\2N" + nested + ".", {"tuple; expected dict"});
  std::string doubled = "\x80\2)";
  for (int i = 0; i < 200; ++i) {
    doubled += "q\1h\1\x86";
  }
  expect_error(doubled + ".", {"tuple; expected dict"});
  expect_error("\x80\2}" + text(std::string(256, 'k')) + "Ns.", {"name of 256 bytes"});
  expect_error("\x80\2" + std::string(1'000'000, '('), {"opcodes"});
  expect_error("\x80\2" + std::string(1'000'000, 'N'), {"opcodes"});
}

}  // namespace
}  // namespace qmnist
