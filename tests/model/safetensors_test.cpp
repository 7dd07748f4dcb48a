#include "host/model/safetensors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::size_t>;

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    bytes += static_cast<char>(value >> shift & 0xFFU);
  }
  return bytes;
}

/// A file with this header, true or not, and behind it `size` bytes of data.
std::string file_with(std::string_view header, std::size_t size) {
  return little_endian(header.size()).append(header) + std::string(size, '\0');
}

std::string file_with_tensor(std::string_view tensor, std::size_t size = 24) {
  return file_with(fmt::format(R"({{"a":{}}})", tensor), size);
}

Network small_network() {
  constexpr std::array<std::size_t, 1> kHidden{5};
  return {7, kHidden, 3};
}

/// An arena of 1, 2, 3, ... with zeros where no tensor lies.
std::vector<float> counted_arena(const Network& network) {
  std::vector<float> arena(network.arena_size());
  float next = 0;
  for (const Tensor& tensor : network.tensors()) {
    for (std::size_t i = 0; i < tensor.size; ++i) {
      arena[tensor.offset + i] = ++next;
    }
  }
  return arena;
}

Safetensors small_content() {
  return {.metadata = {{"format", "pt"}, {"epoch", "\"3\"\n"}},
          .tensors = {{"b", {{2, 3}, {1, -2, 3.5F, 0, 1e-38F, -0.0F}}}, {"a", {{1}, {0.1F}}}}};
}

class SafetensorsTest : public testing::Test {
 protected:
  [[nodiscard]] fs::path path() const { return folder_ / "model.safetensors"; }

  /// The message of the DataError that reading a file of this content ends in.
  [[nodiscard]] std::string error_of(std::string_view content) const {
    test::write_file(path(), content);
    try {
      (void)read_safetensors(path());
    } catch (const DataError& error) {
      EXPECT_EQ(error.status(), ExitStatus::kData);
      EXPECT_TRUE(std::string_view(error.what()).starts_with(path().string() + ": "));
      return error.what();
    }
    ADD_FAILURE() << "there was no DataError";
    return "";
  }

  test::TemporaryFolder folder_;
};

TEST_F(SafetensorsTest, ReadsWhatItWrote) {
  const Safetensors content = small_content();
  write_safetensors(path(), content);
  const Safetensors read = read_safetensors(path());
  EXPECT_EQ(read.metadata, content.metadata);
  ASSERT_EQ(read.tensors.size(), 2U);
  for (const auto& [name, tensor] : content.tensors) {
    EXPECT_EQ(read.tensors.at(name).shape, tensor.shape);
    EXPECT_EQ(read.tensors.at(name).values, tensor.values);
  }
  EXPECT_TRUE(std::signbit(read.tensors.at("b").values[5]));
}

TEST_F(SafetensorsTest, ReadsScalarsAndEmptyTensors) {
  write_safetensors(path(), {.metadata = {}, .tensors = {{"e", {{3, 0}, {}}}, {"s", {{}, {7}}}}});
  const Safetensors read = read_safetensors(path());
  EXPECT_TRUE(read.metadata.empty());
  EXPECT_EQ(read.tensors.at("e").shape, (Shape{3, 0}));
  EXPECT_TRUE(read.tensors.at("e").values.empty());
  EXPECT_EQ(read.tensors.at("s").shape, Shape{});
  EXPECT_EQ(read.tensors.at("s").values, std::vector<float>{7});
}

TEST_F(SafetensorsTest, WritesTheFormatByteForByte) {
  write_safetensors(path(), small_content());
  std::string header = R"({"__metadata__":{"epoch":"\"3\"\n","format":"pt"},)"
                       R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string expected = little_endian(header.size()) + header;
  for (const float value : {0.1F, 1.0F, -2.0F, 3.5F, 0.0F, 1e-38F, -0.0F}) {
    expected += little_endian(std::bit_cast<std::uint32_t>(value)).substr(0, 4);
  }
  EXPECT_EQ(test::read_file(path()), expected);
}

TEST_F(SafetensorsTest, AFileOfNothingHasAnEmptyObjectAsHeader) {
  write_safetensors(path(), {});
  EXPECT_EQ(test::read_file(path()), file_with("{}      ", 0));
  EXPECT_TRUE(read_safetensors(path()).tensors.empty());
}

TEST_F(SafetensorsTest, ArenasKeepTheirValuesAndTheirGapsAreZero) {
  const Network network = small_network();
  const std::vector<float> arena = counted_arena(network);
  std::vector<float> dirty = arena;
  for (float& value : dirty) {
    value = value == 0 ? std::numeric_limits<float>::quiet_NaN() : value;
  }
  Safetensors content;
  content.add_arena(network, dirty, "");
  content.add_arena(network, std::vector<float>(network.arena_size(), 2), "moment.");
  write_safetensors(path(), content);
  const Safetensors read = read_safetensors(path());
  EXPECT_EQ(read.tensors.size(), 8U);
  EXPECT_EQ(read.tensors.at("0.weight").shape, (Shape{5, 7}));
  EXPECT_EQ(read.tensors.at("moment.2.bias").shape, Shape{3});
  EXPECT_EQ(read.arena(network, "", "place"), arena);
  EXPECT_NE(read.arena(network, "moment.", "place"), arena);
}

TEST_F(SafetensorsTest, AnArenaThatDoesNotFitThrows) {
  const Network network = small_network();
  Safetensors full;
  full.add_arena(network, counted_arena(network), "x.");
  Safetensors missing = full;
  missing.tensors.erase("x.2.bias");
  Safetensors turned = full;
  turned.tensors.at("x.0.weight").shape = {7, 5};
  Safetensors flat = full;
  flat.tensors.at("x.0.weight").shape = {35};
  const auto error_in = [&](const Safetensors& content, const std::string& prefix) -> std::string {
    try {
      (void)content.arena(network, prefix, "file");
    } catch (const DataError& error) {
      return error.what();
    }
    return "no DataError";
  };
  EXPECT_EQ(error_in(missing, "x."), "file: expected a tensor x.2.bias of 3");
  EXPECT_EQ(error_in(turned, "x."), "file: expected a tensor x.0.weight of 5 x 7");
  EXPECT_EQ(error_in(flat, "x."), "file: expected a tensor x.0.weight of 5 x 7");
  EXPECT_EQ(error_in(full, ""), "file: expected a tensor 0.weight of 5 x 7");
}

TEST_F(SafetensorsTest, EveryTruncationThrows) {
  write_safetensors(path(), small_content());
  const std::string content = test::read_file(path());
  for (std::size_t size = 0; size < content.size(); ++size) {
    EXPECT_NE(error_of(content.substr(0, size)), "") << size;
  }
}

TEST_F(SafetensorsTest, WrongHeaderLengthThrows) {
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const std::uint64_t right = header.size();
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, right - 1, right + 1, right + 5,
        std::uint64_t{1} << 63U, ~std::uint64_t{0}, ~std::uint64_t{0} - 7}) {
    EXPECT_NE(error_of(little_endian(length) + header + "data"), "") << length;
  }
}

TEST_F(SafetensorsTest, WhatIsNoHeaderThrows) {
  for (const char* header :
       {"", "{", "not json", "{}{}", "[]", "null", "true", "7", R"("text")", R"([{"a":1}])",
        R"({"a":null})", R"({"a":[]})", R"({"__metadata__":7})", R"({"__metadata__":{"a":1}})",
        R"({"__metadata__":["a"]})", "{\"\xFF\":{}}"}) {
    EXPECT_NE(error_of(file_with(header, 0)), "") << header;
  }
}

TEST_F(SafetensorsTest, UnsuitableTensorsThrow) {
  test::write_file(path(),
                   file_with_tensor(R"({"dtype":"F32","shape":[2,3],"data_offsets":[0,24]})"));
  EXPECT_EQ(read_safetensors(path()).tensors.at("a").values.size(), 6U);  // the rest differs by one
  for (const char* tensor : {
           R"({"shape":[2,3],"data_offsets":[0,24]})",
           R"({"dtype":"F32","data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":[2,3]})",
           R"({"dtype":"F16","shape":[2,3],"data_offsets":[0,24]})",
           R"({"dtype":32,"shape":[2,3],"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":6,"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":["2",3],"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":[-2,-3],"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":[2.5,3],"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":[2,4],"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":[],"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":[2,3],"data_offsets":[1099511627776,1099511627800]})",
           R"({"dtype":"F32","shape":[2,3],"data_offsets":[4,28]})",
           R"({"dtype":"F32","shape":[2,3],"data_offsets":[24,0]})",
           R"({"dtype":"F32","shape":[2,3],"data_offsets":[-24,0]})",
           R"({"dtype":"F32","shape":[2,3],"data_offsets":[0.5,24.5]})",
           R"({"dtype":"F32","shape":[2,3],"data_offsets":[24]})",
           R"({"dtype":"F32","shape":[2,3],"data_offsets":"0,24"})",
           R"({"dtype":"F32","shape":[2,3],"data_offsets":[18446744073709551600,8]})",
           R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})",
           R"({"dtype":"F32","shape":[4611686018427387910],"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":[9223372036854775808,2,6],"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,24]})",
           R"({"dtype":"F32","shape":[99999999999999999999999],"data_offsets":[0,24]})",
       }) {
    EXPECT_NE(error_of(file_with_tensor(tensor)), "") << tensor;
  }
}

// The format: the tensors cover the data without overlap, holes or rest.
TEST_F(SafetensorsTest, DataThatTheTensorsDoNotCoverOnceThrows) {
  const auto file = [](int begin, int end, std::size_t size) {
    constexpr auto kHeader = R"({{"a":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}},)"
                             R"("b":{{"dtype":"F32","shape":[{}],"data_offsets":[{},{}]}}}})";
    return file_with(fmt::format(kHeader, (end - begin) / 4, begin, end), size);
  };
  test::write_file(path(), file(4, 12, 12));
  EXPECT_EQ(read_safetensors(path()).tensors.size(), 2U);
  EXPECT_NE(error_of(file(4, 12, 13)), "") << "a rest";
  EXPECT_NE(error_of(file(8, 16, 16)), "") << "a hole";
  EXPECT_NE(error_of(file(0, 8, 8)), "") << "an overlap";
  EXPECT_NE(error_of(file(0, 4, 4)), "") << "all twice";
}

TEST_F(SafetensorsTest, DeepNestingThrows) {
  constexpr std::size_t kDepth = 300'000;
  const std::string nested = std::string(kDepth, '[') + std::string(kDepth, ']');
  for (const char* tensor : {R"({{"dtype":{},"shape":[2,3],"data_offsets":[0,24]}})",
                             R"({{"dtype":"F32","shape":{},"data_offsets":[0,24]}})",
                             R"({{"dtype":"F32","shape":[2,3],"data_offsets":{}}})", "{}"}) {
    EXPECT_NE(error_of(file_with_tensor(fmt::format(fmt::runtime(tensor), nested))), "");
  }
  EXPECT_NE(error_of(file_with(std::string(kDepth, '['), 0)), "");
}

TEST_F(SafetensorsTest, WhatIsNoFileThrowsAndAMissingFolderStaysMissing) {
  EXPECT_THROW((void)read_safetensors(path()), DataError);
  EXPECT_THROW((void)read_safetensors(folder_.path()), DataError);
  EXPECT_THROW(write_safetensors(folder_ / "missing/model.safetensors", small_content()),
               UsageError);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

// Against the format's own library, where Python has it: it reads ours, we read its.
TEST_F(SafetensorsTest, AgreesWithTheFormatsOwnLibrary) {
  try {
    if (test::run_program({"python3", "-c", "import safetensors.numpy"}).status != 0) {
      GTEST_SKIP() << "python3 here has no safetensors with numpy";
    }
  } catch (const std::runtime_error& error) {
    GTEST_SKIP() << error.what();
  }
  constexpr std::string_view kScript = R"(
import sys, numpy, safetensors, safetensors.numpy
ours, theirs = sys.argv[1:]
with safetensors.safe_open(ours, "np") as file:
    assert file.metadata() == {"format": "pt", "epoch": '"3"\n'}, file.metadata()
tensors = safetensors.numpy.load_file(ours)
assert tensors["b"].dtype == numpy.float32 and tensors["b"].shape == (2, 3)
numpy.testing.assert_array_equal(
    tensors["b"], numpy.array([[1, -2, 3.5], [0, 1e-38, -0.0]], "float32"))
numpy.testing.assert_array_equal(tensors["a"], numpy.array([0.1], "float32"))
safetensors.numpy.save_file(
    {"z": numpy.arange(6, dtype="float32").reshape(3, 2), "a": numpy.array([-1], "float32")},
    theirs, metadata={"epoch": "4"})
)";
  write_safetensors(path(), small_content());
  const fs::path theirs = folder_ / "theirs.safetensors";
  const auto result =
      test::run_program({"python3", "-c", std::string(kScript), path().string(), theirs.string()});
  ASSERT_EQ(result.status, 0) << result.errors;
  const Safetensors read = read_safetensors(theirs);
  EXPECT_EQ(read.metadata.at("epoch"), "4");
  EXPECT_EQ(read.tensors.at("z").shape, (Shape{3, 2}));
  EXPECT_EQ(read.tensors.at("z").values, (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(read.tensors.at("a").values, std::vector<float>{-1});
}

}  // namespace
}  // namespace qmnist
