#include "host/model/safetensors.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "host/atomic_file.h"
#include "host/error.h"
#include "host/json.h"
#include "host/read_file.h"

namespace qmnist {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");
constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);
constexpr const char* kMetadata = "__metadata__";

/// More than `limit` where it is larger than that.
std::size_t element_count(std::span<const std::size_t> shape, std::size_t limit) {
  if (std::ranges::find(shape, std::size_t{0}) != shape.end()) {
    return 0;
  }
  std::size_t count = 1;
  for (const std::size_t size : shape) {
    if (count > limit / size) {
      return limit + 1;
    }
    count *= size;
  }
  return count;
}

/// A tensor's bytes in the data behind the header.
struct Extent {
  std::size_t begin;
  std::size_t end;
};

std::vector<std::size_t> sizes_of(const std::string& place, const Json& list) {
  for (const Json& size : list) {
    if (!size.is_number_unsigned()) {
      throw DataError("{}: {} holds something else than sizes", place, list.dump());
    }
  }
  return list;
}

/// Reads a header's entry and adds where its data lie; json's own exceptions pass through.
Safetensors::Entry read_entry(const std::string& place, const Json& entry, std::string_view data,
                              std::vector<Extent>& extents) {
  if (entry.at("dtype") != "F32") {
    throw DataError("{} has type {}; expected F32", place, entry.at("dtype").dump());
  }
  Safetensors::Entry tensor{.shape = sizes_of(place, entry.at("shape")), .values = {}};
  const auto offsets = sizes_of(place, entry.at("data_offsets"));
  const std::size_t count = element_count(tensor.shape, data.size());
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size() ||
      offsets[1] - offsets[0] != count * sizeof(float)) {
    throw DataError("{}: shape {} does not fit bytes {} of {}", place,
                    fmt::join(tensor.shape, " x "), fmt::join(offsets, " to "), data.size());
  }
  extents.push_back({offsets[0], offsets[1]});
  tensor.values.resize(count);
  if (count > 0) {
    std::memcpy(tensor.values.data(), data.data() + offsets[0], count * sizeof(float));
  }
  return tensor;
}

/// The format wants the tensors to cover the data without gap or overlap.
void check_cover(const std::string& place, std::vector<Extent> extents, std::size_t data_size) {
  std::ranges::sort(extents, {},
                    [](const Extent& extent) { return std::pair(extent.begin, extent.end); });
  std::size_t covered = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != covered) {
      throw DataError("{}: a tensor's data begin at byte {} behind the header; expected {}", place,
                      extent.begin, covered);
    }
    covered = extent.end;
  }
  if (covered != data_size) {
    throw DataError("{}: has {} bytes of data; expected {}, as many as its tensors take", place,
                    data_size, covered);
  }
}

/// Json's own exceptions pass through.
Safetensors parse(const std::string& place, std::string_view content) {
  std::uint64_t header_size = 0;
  if (content.size() >= kLengthBytes) {
    std::memcpy(&header_size, content.data(), kLengthBytes);
  }
  if (content.size() < kLengthBytes || header_size > content.size() - kLengthBytes) {
    throw DataError(
        "{}: byte 0: a header of {} bytes does not fit a file of {}; expected a "
        "safetensors file",
        place, header_size, content.size());
  }
  const Json header = parse_json(content.substr(kLengthBytes, header_size));
  if (!header.is_object()) {
    throw DataError("{}: byte {}: the header is {}; expected a JSON object", place, kLengthBytes,
                    header.type_name());
  }
  const std::string_view data = content.substr(kLengthBytes + header_size);
  Safetensors result;
  std::vector<Extent> extents;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata) {
      result.metadata = entry;
    } else {
      const std::string tensor_place = fmt::format(
          "{}: tensor {}", place, Json(name).dump(-1, ' ', true, Json::error_handler_t::replace));
      result.tensors[name] = read_entry(tensor_place, entry, data, extents);
    }
  }
  check_cover(place, std::move(extents), data.size());
  return result;
}

/// What stands before the tensors' data: the length of the JSON, and the JSON.
std::string header_of(const Safetensors& content) {
  Json header = Json::object();
  if (!content.metadata.empty()) {
    header[kMetadata] = content.metadata;
  }
  std::size_t offset = 0;
  for (const auto& [name, tensor] : content.tensors) {
    const std::size_t end = offset + tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  const auto length = std::bit_cast<std::array<char, kLengthBytes>>(std::uint64_t{text.size()});
  return std::string(length.begin(), length.end()) + text;
}

/// The bytes of a file: the header and each tensor's data.
std::vector<std::string_view> pieces_of(std::string_view header, const Safetensors& content) {
  std::vector<std::string_view> pieces{header};
  for (const auto& [name, tensor] : content.tensors) {
    pieces.emplace_back(
        reinterpret_cast<const char*>(tensor.values.data()),  // NOLINT: files hold chars
        tensor.values.size() * sizeof(float));
  }
  return pieces;
}

}  // namespace

void Safetensors::add_arena(const Network& network, std::span<const float> arena,
                            const std::string& prefix) {
  for (const Tensor& tensor : network.tensors()) {
    const auto values = arena.subspan(tensor.offset, tensor.size);
    tensors[prefix + tensor.name] = {tensor.shape, {values.begin(), values.end()}};
  }
}

std::vector<float> Safetensors::arena(const Network& network, const std::string& prefix,
                                      const std::string& place) const {
  const std::vector<Tensor> wanted = network.tensors();
  for (const Tensor& tensor : wanted) {
    const auto found = tensors.find(prefix + tensor.name);
    if (found == tensors.end() || found->second.shape != tensor.shape) {
      throw DataError("{}: expected a tensor {}{} of {}", place, prefix, tensor.name,
                      fmt::join(tensor.shape, " x "));
    }
  }
  std::vector<float> result(network.arena_size());  // no larger than the tensors that are there
  for (const Tensor& tensor : wanted) {
    std::ranges::copy(tensors.at(prefix + tensor.name).values,
                      result.begin() + static_cast<std::ptrdiff_t>(tensor.offset));
  }
  return result;
}

std::string serialize_safetensors(const Safetensors& content) {
  const std::string header = header_of(content);
  const std::vector<std::string_view> pieces = pieces_of(header, content);
  std::string file;
  file.reserve(std::accumulate(pieces.begin(), pieces.end(), std::size_t{0},
                               [](std::size_t size, auto piece) { return size + piece.size(); }));
  for (const std::string_view piece : pieces) {
    file += piece;
  }
  return file;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& content) {
  const std::string header = header_of(content);
  write_atomically(path, pieces_of(header, content));  // from where they are, without a copy
}

Safetensors parse_safetensors(std::string_view content, const std::string& place) {
  try {
    return parse(place, content);
  } catch (const Json::exception& error) {
    throw DataError("{}: damaged safetensors header: {}", place, error.what());
  }
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file<DataError>(path, "a safetensors file"), path.string());
}

}  // namespace qmnist
