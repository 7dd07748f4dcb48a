#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist::test {

/// An element of a page or drawing.
struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;  ///< within it, its children's included

  /// An attribute's value, empty where it has none.
  [[nodiscard]] std::string attribute(const std::string& key) const;
};

/// Every element, in the order in which they begin.
/// @throws std::runtime_error with line and reason where the text is not well-formed XML.
[[nodiscard]] std::vector<Element> elements_of(std::string_view markup);

/// Those of that name.
[[nodiscard]] std::vector<Element> elements_of(std::string_view markup, std::string_view name);

/// Those of that name and that class among others.
[[nodiscard]] std::vector<Element> elements_of(std::string_view markup, std::string_view name,
                                               std::string_view css_class);

}  // namespace qmnist::test
