#include <fmt/ranges.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <bit>
#include <list>
#include <memory>
#include <stdexcept>

#include "host/export/exporters.h"
#include "host/utf8.h"

namespace qmnist {
namespace {

/// A zip archive being made in memory.
class ZipArchive {
 public:
  ZipArchive() : buffer_(zip_source_buffer_create(nullptr, 0, 0, nullptr)) {
    check(buffer_ != nullptr);
    archive_.reset(zip_open_from_source(buffer_.get(), ZIP_TRUNCATE, nullptr));
    check(archive_ != nullptr);
    zip_source_keep(buffer_.get());  // the archive took the first reference
  }

  /// Adds a file, uncompressed; its content must stay until finish().
  void add(const std::string& name, const std::string& content) {
    Source source(zip_source_buffer(archive_.get(), content.data(), content.size(), 0));
    const zip_int64_t index =
        zip_file_add(archive_.get(), name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
    check(index >= 0);
    (void)source.release();  // the archive owns it now
    const auto file = static_cast<zip_uint64_t>(index);
    constexpr zip_uint16_t kFirstDay = (1U << 5U) | 1U;  // 1980-01-01: bytes do not depend on when
    check(zip_set_file_compression(archive_.get(), file, ZIP_CM_STORE, 0) == 0 &&
          zip_file_set_dostime(archive_.get(), file, 0, kFirstDay, 0) == 0);
  }

  /// The archive's bytes; it takes no more files.
  std::string finish() {
    check(zip_close(archive_.get()) == 0);
    (void)archive_.release();
    check(zip_source_open(buffer_.get()) == 0 && zip_source_seek(buffer_.get(), 0, SEEK_END) == 0);
    std::string bytes(static_cast<std::size_t>(zip_source_tell(buffer_.get())), '\0');
    check(zip_source_seek(buffer_.get(), 0, SEEK_SET) == 0 &&
          zip_source_read(buffer_.get(), bytes.data(), bytes.size()) ==
              static_cast<zip_int64_t>(bytes.size()));
    return bytes;
  }

 private:
  struct Free {
    void operator()(zip_t* archive) const { zip_discard(archive); }
    void operator()(zip_source_t* source) const { zip_source_free(source); }
  };
  using Source = std::unique_ptr<zip_source_t, Free>;

  /// In memory, only wrong use or a lack of memory can fail.
  static void check(bool is_done) {
    if (!is_done) {
      throw std::runtime_error("libzip cannot make an archive in memory");
    }
  }

  Source buffer_;
  std::unique_ptr<zip_t, Free> archive_;
};

/// The content of a .npy file, format version 1.0.
/// @param type NumPy's name of the values' type
std::string to_npy(std::string_view type, std::span<const std::size_t> shape,
                   std::string_view values) {
  static_assert(std::endian::native == std::endian::little, "'<' is little-endian");
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kPreamble = 10;  // magic, version and the header's length
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({},), }}",
                                   type, fmt::join(shape, ", "));
  header.resize((kPreamble + header.size() + kAlignment) / kAlignment * kAlignment - kPreamble - 1,
                ' ');
  header += '\n';
  const auto length = std::bit_cast<std::array<char, 2>>(static_cast<std::uint16_t>(header.size()));
  std::string file("\x93NUMPY\x01\x00", 8);
  file.append(length.data(), length.size());
  file += header;
  file += values;
  return file;
}

/// The values' bytes.
template <typename T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

/// An array of strings, which NumPy stores as UTF-32 of equal length.
std::string class_array(const ClassNames& classes) {
  std::vector<std::u32string> names;
  std::size_t length = 0;
  for (const std::string& name : classes) {
    names.push_back(to_utf32(name));
    length = std::max(length, names.back().size());
  }
  std::string values;
  for (std::u32string& name : names) {
    name.resize(length);
    values += bytes_of(std::span<const char32_t>(name));
  }
  const std::array shape{classes.size()};
  return to_npy(fmt::format("<U{}", length), shape, values);
}

}  // namespace

/// The bytes of a NumPy .npz file: the tensors as float32 arrays, in arena order, by the names that
/// the safetensors file gives them, and the names of the classes, `classes`.
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
std::string export_npz(const Model& model, const RunMetadata& /*not stored*/) {
  const std::span<const float> parameters(model.parameters);
  std::list<std::string> files;  // addresses stay valid
  ZipArchive archive;
  for (const Tensor& tensor : model.network.tensors()) {
    files.push_back(
        to_npy("<f4", tensor.shape, bytes_of(parameters.subspan(tensor.offset, tensor.size))));
    archive.add(tensor.name + ".npy", files.back());
  }
  files.push_back(class_array(model.classes));
  archive.add("classes.npy", files.back());
  return archive.finish();
}

}  // namespace qmnist
