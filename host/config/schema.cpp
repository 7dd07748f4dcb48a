#include "host/config/schema.h"

#include <fmt/format.h>

#include <string_view>
#include <variant>

#include "host/config/config_keys.h"

namespace qmnist {
namespace {

struct SchemaOf {
  Json operator()(const constraint::Boolean& /*any*/) const { return {{"type", "boolean"}}; }
  Json operator()(const constraint::Path& /*any*/) const {
    return {{"type", "string"}, {"minLength", 1}};
  }
  Json operator()(const constraint::Paths& range) const {
    return {{"type", "array"},
            {"maxItems", range.maximum_count},
            {"items", (*this)(constraint::Path{})}};
  }
  Json operator()(const constraint::Text& /*any*/) const { return {{"type", "string"}}; }
  Json operator()(const constraint::Integer& range) const {
    return {{"type", "integer"}, {"minimum", range.minimum}, {"maximum", range.maximum}};
  }
  Json operator()(const constraint::Number& range) const {
    return {{"type", "number"},
            {range.includes_minimum ? "minimum" : "exclusiveMinimum", range.minimum},
            {range.includes_maximum ? "maximum" : "exclusiveMaximum", range.maximum}};
  }
  Json operator()(const constraint::OneOf& one_of) const { return {{"enum", one_of.names}}; }
  Json operator()(const constraint::Sizes& range) const {
    return {{"type", "array"},
            {"maxItems", range.maximum_count},
            {"items", (*this)(constraint::Integer{range.minimum, range.maximum})}};
  }
};

Json empty_object() {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
}

}  // namespace

Json config_schema() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "Config of a qmnist_gpu run"}};
  schema.update(empty_object());
  Json& properties = schema["properties"];
  properties["$schema"] = {{"type", "string"}};
  for (const ConfigKey& key : config_keys()) {
    Json entry{{"description", key.help}};
    entry.update(std::visit(SchemaOf{}, key.constraint));
    entry["default"] = key.default_value;
    const std::size_t dot = key.name.find('.');
    if (dot == std::string_view::npos) {
      properties[std::string(key.name)] = entry;
      continue;
    }
    const std::string section(key.name.substr(0, dot));
    if (!properties.contains(section)) {
      properties[section] = empty_object();
    }
    properties[section]["properties"][std::string(key.name.substr(dot + 1))] = entry;
  }
  return schema;
}

std::string config_table() {
  std::string table = "| key | default | value | meaning |\n| --- | --- | --- | --- |\n";
  for (const ConfigKey& key : config_keys()) {
    table += fmt::format("| `{}` | `{}` | {} | {} |\n", key.name, key.default_value.dump(),
                         describe(key.constraint), key.help);
  }
  return table;
}

}  // namespace qmnist
