#include "host/data/class_names.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "host/utf8.h"

namespace qmnist {

ClassNames numbered_classes(std::size_t count) {
  ClassNames classes;
  for (std::size_t label = 0; label < count; ++label) {
    classes.push_back(std::to_string(label));
  }
  return classes;
}

bool are_numbered(std::span<const std::string> classes) {
  return std::ranges::equal(classes, numbered_classes(classes.size()));
}

bool is_class_name(std::string_view text) {
  constexpr std::size_t kMaxBytes = 64;
  const auto is_control = [](unsigned char c) { return std::iscntrl(c) != 0; };
  return !text.empty() && text.size() <= kMaxBytes && is_utf8(text) &&
         std::ranges::none_of(text, is_control);
}

std::string classes_text(std::span<const std::string> classes) {
  constexpr std::size_t kShown = 3;
  if (are_numbered(classes)) {
    return fmt::format("{} (0 to {})", classes.size(), classes.size() - 1);
  }
  return fmt::format("{} ({}{})", classes.size(),
                     fmt::join(classes.first(std::min(kShown, classes.size())), ", "),
                     classes.size() > kShown ? ", ..." : "");
}

}  // namespace qmnist
