#include "tests/support/markup.h"

#include <glib.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace qmnist::test {
namespace {

struct Reader {
  std::vector<Element> elements;
  std::vector<std::size_t> open;  ///< their places among the elements
};

void start(GMarkupParseContext* /*context*/, const char* name, const char** keys,
           const char** values, void* data, GError** /*error*/) {
  auto& reader = *static_cast<Reader*>(data);
  Element element{.name = name, .attributes = {}, .text = {}};
  for (; *keys != nullptr; ++keys, ++values) {
    element.attributes[*keys] = *values;
  }
  reader.open.push_back(reader.elements.size());
  reader.elements.push_back(std::move(element));
}

void end(GMarkupParseContext* /*context*/, const char* /*name*/, void* data, GError** /*error*/) {
  static_cast<Reader*>(data)->open.pop_back();
}

void text(GMarkupParseContext* /*context*/, const char* text, gsize size, void* data,
          GError** /*error*/) {
  auto& reader = *static_cast<Reader*>(data);
  for (const std::size_t place : reader.open) {
    reader.elements[place].text.append(text, size);
  }
}

}  // namespace

std::string Element::attribute(const std::string& key) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? "" : found->second;
}

std::vector<Element> elements_of(std::string_view markup) {
  constexpr GMarkupParser kParser{start, end, text, nullptr, nullptr};
  Reader reader;
  const std::unique_ptr<GMarkupParseContext, decltype(&g_markup_parse_context_free)> context(
      g_markup_parse_context_new(&kParser, G_MARKUP_DEFAULT_FLAGS, &reader, nullptr),
      &g_markup_parse_context_free);
  GError* error = nullptr;
  if (g_markup_parse_context_parse(context.get(), markup.data(), static_cast<gssize>(markup.size()),
                                   &error) == FALSE ||
      g_markup_parse_context_end_parse(context.get(), &error) == FALSE) {
    const std::unique_ptr<GError, decltype(&g_error_free)> owned(error, &g_error_free);
    throw std::runtime_error(owned->message);
  }
  return reader.elements;
}

std::vector<Element> elements_of(std::string_view markup, std::string_view name) {
  std::vector<Element> elements = elements_of(markup);
  std::erase_if(elements, [&](const Element& element) { return element.name != name; });
  return elements;
}

std::vector<Element> elements_of(std::string_view markup, std::string_view name,
                                 std::string_view css_class) {
  std::vector<Element> elements = elements_of(markup, name);
  std::erase_if(elements, [&](const Element& element) {
    std::istringstream classes(element.attribute("class"));
    using Words = std::istream_iterator<std::string>;
    return std::find(Words(classes), Words(), css_class) == Words();
  });
  return elements;
}

}  // namespace qmnist::test
