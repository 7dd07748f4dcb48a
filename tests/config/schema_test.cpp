#include "host/config/schema.h"

#include <gtest/gtest.h>

#include "host/config/config_keys.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

TEST(SchemaTest, CommittedSchemaIsTheProgramsOwn) {
  EXPECT_EQ(test::read_file(test::source_dir() / "configs/schema.json"),
            config_schema().dump(2) + "\n")
      << "regenerate it: qmnist_gpu info --schema > configs/schema.json";
}

TEST(SchemaTest, DocumentedTableIsTheProgramsOwn) {
  EXPECT_NE(test::read_file(test::source_dir() / "docs/config.md").find(config_table()),
            std::string::npos)
      << "the table should be that of: qmnist_gpu info --keys";
}

TEST(SchemaTest, DefaultsSatisfyTheirOwnConstraints) {
  for (const ConfigKey& key : config_keys()) {
    EXPECT_TRUE(satisfies(key.constraint, key.default_value)) << key.name;
    EXPECT_FALSE(key.help.empty()) << key.name;
  }
}

}  // namespace
}  // namespace qmnist
