#include <fmt/ranges.h>
#include <zip.h>

#include <algorithm>
#include <memory>
#include <new>

#include "host/alternatives.h"
#include "host/data/npz.h"
#include "host/data/printable.h"
#include "host/error.h"

namespace qmnist::numpy {
namespace {

/// An open archive; its content must stay.
class ZipReader {
 public:
  ZipReader(std::span<const std::uint8_t> content, std::string_view file) : file_(file) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* const source =
        zip_source_buffer_create(content.data(), content.size(), 0, &error);
    if (source != nullptr) {
      archive_.reset(zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
    }
    if (!archive_) {
      zip_source_free(source);
      fail(file_, &error);
    }
  }

  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(zip_get_num_entries(archive_.get(), 0));
  }

  [[nodiscard]] std::string name(std::size_t index) const {
    const char* const name = zip_get_name(archive_.get(), index, ZIP_FL_ENC_RAW);
    return name == nullptr ? "" : name;
  }

  [[nodiscard]] std::vector<std::uint8_t> unpack(std::size_t index) const {
    const std::string place = fmt::format("{}: {}", file_, printable(name(index)));
    zip_stat_t status;
    zip_stat_init(&status);
    if (zip_stat_index(archive_.get(), index, 0, &status) != 0 ||
        (status.valid & ZIP_STAT_SIZE) == 0) {
      fail(place, zip_get_error(archive_.get()));
    }
    const std::unique_ptr<zip_file_t, Close> member(zip_fopen_index(archive_.get(), index, 0));
    if (!member) {
      fail(place, zip_get_error(archive_.get()));
    }
    return unpack(*member, status.size, place);
  }

 private:
  struct Close {
    void operator()(zip_t* archive) const { zip_discard(archive); }
    void operator()(zip_file_t* member) const { zip_fclose(member); }
  };

  [[noreturn]] static void fail(std::string_view place, zip_error_t* error) {
    if (zip_error_code_zip(error) == ZIP_ER_MEMORY) {
      zip_error_fini(error);
      throw std::bad_alloc();
    }
    const std::string reason = zip_error_strerror(error);
    zip_error_fini(error);
    throw DataError("{}: damaged zip archive ({}); expected an .npz file, fetch it again", place,
                    reason);
  }

  /// Unpacks one byte more than announced, if it is there: only behind the last one is libzip's
  /// own check of sum and size.
  static std::vector<std::uint8_t> unpack(zip_file_t& member, std::uint64_t announced,
                                          std::string_view place) {
    constexpr std::uint64_t kFirstBlock = std::uint64_t{1} << 26U;
    std::vector<std::uint8_t> bytes;
    for (std::size_t got = 0;;) {
      if (got == bytes.size()) {
        const std::uint64_t left = announced - got;
        bytes.resize(got +
                     std::min<std::uint64_t>(left, std::max<std::uint64_t>(kFirstBlock, got)) +
                     (left <= kFirstBlock ? 1 : 0));
      }
      const zip_int64_t count = zip_fread(&member, bytes.data() + got, bytes.size() - got);
      if (count < 0) {
        fail(place, zip_file_get_error(&member));
      }
      got += static_cast<std::size_t>(count);
      if (got > announced || (count == 0 && got < announced)) {
        throw DataError("{}: unpacks to {} than the {} bytes that the archive announces", place,
                        got > announced ? "more" : "less", announced);
      }
      if (count == 0) {
        bytes.resize(got);
        return bytes;
      }
    }
  }

  std::string_view file_;
  std::unique_ptr<zip_t, Close> archive_;
};

}  // namespace

Npz read_npz(std::span<const std::uint8_t> content, std::string_view file,
             std::span<const std::string_view> known) {
  constexpr std::string_view kEnding = ".npy";
  const ZipReader archive(content, file);
  if (archive.count() == 0) {
    throw DataError("{}: has no members; expected {}, each as .npy", file, alternatives(known));
  }
  Npz arrays;
  for (std::size_t i = 0; i < archive.count(); ++i) {
    std::string name = archive.name(i);
    name.resize(name.ends_with(kEnding) ? name.size() - kEnding.size() : 0);
    if (std::ranges::find(known, name) == known.end()) {
      throw DataError("{}: has the member {}; expected {}, each as .npy", file,
                      printable(archive.name(i)), alternatives(known));
    }
    if (arrays.contains(name)) {
      throw DataError("{}: has {}.npy twice", file, name);
    }
    arrays.emplace(std::move(name), archive.unpack(i));
  }
  return arrays;
}

}  // namespace qmnist::numpy
