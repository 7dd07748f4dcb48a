#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/model/network.h"

namespace qmnist {

/// Content of a safetensors file of float32 tensors.
/// Format: https://github.com/huggingface/safetensors#format
struct Safetensors {
  struct Entry {
    std::vector<std::size_t> shape;
    std::vector<float> values;  ///< row-major
  };
  std::map<std::string, std::string> metadata;
  std::map<std::string, Entry> tensors;

  /// Adds an arena's tensors, each under `prefix` + its name.
  void add_arena(const Network& network, std::span<const float> arena, const std::string& prefix);

  /// The arena of the tensors under `prefix`; gaps are zero.
  /// @throws DataError, starting with `place`, where a tensor is missing or has another shape.
  [[nodiscard]] std::vector<float> arena(const Network& network, const std::string& prefix,
                                         const std::string& place) const;
};

/// The bytes of a file.
[[nodiscard]] std::string serialize_safetensors(const Safetensors& content);

/// Writes the file atomically. @throws UsageError where that fails.
void write_safetensors(const std::filesystem::path& path, const Safetensors& content);

/// Reads a file's content; sizes and offsets are checked before anything is allocated by them.
/// @throws DataError, starting with `place`: no safetensors, damaged, not float32.
[[nodiscard]] Safetensors parse_safetensors(std::string_view content, const std::string& place);

/// Reads a file. @throws DataError naming it, as parse_safetensors does, or unreadable.
[[nodiscard]] Safetensors read_safetensors(const std::filesystem::path& path);

}  // namespace qmnist
