#pragma once

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace qmnist::test {

using Words = std::vector<std::string>;

/// The lines of a table, which ends with a line break.
inline std::vector<std::string> table_lines(const std::string& table) {
  EXPECT_EQ(table.back(), '\n');
  std::vector<std::string> lines;
  std::istringstream stream(table);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// Split at white space.
inline Words words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

inline void expect_equal_widths(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    EXPECT_EQ(line.size(), lines.front().size()) << line;
  }
}

}  // namespace qmnist::test
