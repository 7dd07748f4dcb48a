#include <gtest/gtest.h>

#include <string>

#include "host/config/fields.h"
#include "tests/support.h"

namespace qmnist {
namespace {

struct SchemaOfRule {
  Json operator()(const BooleanRule& /*rule*/) const { return {{"type", "boolean"}}; }
  Json operator()(const PathRule& /*rule*/) const { return {{"type", "string"}, {"minLength", 1}}; }
  Json operator()(const IntegerRule& rule) const {
    return {{"type", "integer"}, {"minimum", rule.minimum}, {"maximum", rule.maximum}};
  }
  Json operator()(const NumberRule& rule) const {
    return {{"type", "number"},
            {rule.minimum_allowed ? "minimum" : "exclusiveMinimum", rule.minimum},
            {rule.maximum_allowed ? "maximum" : "exclusiveMaximum", rule.maximum}};
  }
  Json operator()(const ChoiceRule& rule) const { return {{"enum", rule.choices}}; }
  Json operator()(const SizesRule& rule) const {
    return {{"type", "array"},
            {"maxItems", rule.maximum_count},
            {"items", (*this)(IntegerRule{rule.minimum, rule.maximum})}};
  }
};

Json empty_object() {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
}

/// The schema that the program's own list of keys gives.
Json expected_schema() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "Config of a qmnist_gpu run"}};
  schema.update(empty_object());
  Json& properties = schema["properties"];
  properties["$schema"] = {{"type", "string"}};
  for (const Field& field : config_fields()) {
    Json entry{{"description", field.help}};
    entry.update(std::visit(SchemaOfRule{}, field.rule));
    entry["default"] = field.default_value;
    const std::size_t dot = field.key.find('.');
    if (dot == std::string_view::npos) {
      properties[std::string(field.key)] = entry;
      continue;
    }
    const std::string section(field.key.substr(0, dot));
    if (!properties.contains(section)) {
      properties[section] = empty_object();
    }
    properties[section]["properties"][std::string(field.key.substr(dot + 1))] = entry;
  }
  return schema;
}

TEST(SchemaTest, CommittedSchemaIsTheProgramsOwn) {
  const Json committed = Json::parse(test::read_file(test::source_dir() / "configs/schema.json"));
  const Json expected = expected_schema();
  EXPECT_EQ(committed, expected) << "configs/schema.json should be:\n" << expected.dump(2);
}

TEST(SchemaTest, ReadmeListsEveryKeyWithItsDefaultAndRule) {
  const std::string readme = test::read_file(test::source_dir() / "README.md");
  for (const Field& field : config_fields()) {
    const std::string row = "| `" + std::string(field.key) + "` | `" + field.default_value.dump() +
                            "` | " + expectation(field.rule) + " | " + std::string(field.help) +
                            " |";
    EXPECT_NE(readme.find(row), std::string::npos) << "README.md should have the row\n" << row;
  }
}

TEST(SchemaTest, DefaultsPassTheirOwnRules) {
  for (const Field& field : config_fields()) {
    EXPECT_TRUE(accepts(field.rule, field.default_value)) << field.key;
  }
}

}  // namespace
}  // namespace qmnist
