#include "host/data/sample_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "host/data/idx.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

using Kind = DataPart::Kind;

SampleGroup stretch(const Dataset& dataset, std::string name, std::size_t first,
                    std::size_t count) {
  SampleGroup group{std::move(name), std::vector<bool>(dataset.count())};
  std::fill_n(group.members.begin() + static_cast<std::ptrdiff_t>(first), count, true);
  return group;
}

void add_part(const Dataset& dataset, const DataPart& part, std::size_t first,
              std::vector<SampleGroup>& groups) {
  constexpr std::size_t kMnistTest = 10000;
  if (part.kind == Kind::kTraining) {
    groups.push_back(stretch(dataset, "training file", first, part.count));
  } else if (part.kind == Kind::kTest && (part.count <= kMnistTest || !dataset.is_mnist)) {
    groups.push_back(stretch(dataset, "test file", first, part.count));
  } else if (part.kind == Kind::kTest) {
    groups.push_back(stretch(dataset, "test file, first 10,000 (MNIST's)", first, kMnistTest));
    groups.push_back(stretch(dataset, "test file, the rest (QMNIST's)", first + kMnistTest,
                             part.count - kMnistTest));
  }
}

/// The form of each sample of a part, if the labels at `path` are this part's.
std::optional<std::vector<std::int32_t>> forms_in(const fs::path& path,
                                                  std::span<const std::uint8_t> labels) {
  constexpr std::size_t kColumns = 8;
  const IdxArray<std::int32_t> array = read_idx_integers(path);
  if (array.shape.size() != 2 || array.shape[1] != kColumns || array.shape[0] < labels.size()) {
    return std::nullopt;
  }
  std::vector<std::int32_t> forms(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (array.values[i * kColumns] != labels[i]) {
      return std::nullopt;
    }
    forms[i] = array.values[i * kColumns + 1];
  }
  return forms;
}

std::optional<std::vector<std::int32_t>> forms_of(const Dataset& dataset, const DataPart& part,
                                                  std::size_t first) {
  if (!dataset.is_mnist || part.kind == Kind::kOther || dataset.files.empty()) {
    return std::nullopt;
  }
  const std::string_view name = part.kind == Kind::kTraining ? "train" : "test";
  for (const std::string_view ending : {"", ".gz"}) {
    const fs::path path = dataset.files.front().path.parent_path() /
                          fmt::format("qmnist-{}-labels-idx2-int{}", name, ending);
    if (fs::is_regular_file(path)) {
      return forms_in(path, std::span(dataset.labels).subspan(first, part.count));
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<SampleGroup> sample_groups(const Dataset& dataset) {
  std::vector<SampleGroup> groups;
  std::map<std::int32_t, SampleGroup> by_form;
  std::size_t first = 0;
  for (const DataPart& part : dataset.parts) {
    add_part(dataset, part, first, groups);
    if (const auto forms = forms_of(dataset, part, first)) {
      for (std::size_t i = 0; i < forms->size(); ++i) {
        const auto [place, is_new] = by_form.try_emplace((*forms)[i]);
        if (is_new) {
          place->second =
              stretch(dataset, fmt::format("written on form hsf_{}", place->first), 0, 0);
        }
        place->second.members[first + i] = true;
      }
    }
    first += part.count;
  }
  for (auto& [form, group] : by_form) {
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace qmnist
