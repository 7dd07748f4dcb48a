#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

#include "host/data/dataset.h"
#include "host/error.h"

namespace qmnist::test {

/// The one line of the DataError that the call ends in; fails if there is none.
inline std::string data_error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const DataError& error) {
    EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos);
    return error.what();
  }
  ADD_FAILURE() << "there was no DataError";
  return "";
}

/// Expects the same images and labels, in the same two parts.
inline void expect_same_digits(const Dataset& dataset, const Dataset& expected) {
  EXPECT_TRUE(dataset.pixels == expected.pixels);
  EXPECT_TRUE(dataset.labels == expected.labels);
  ASSERT_EQ(dataset.parts.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(dataset.parts[i].kind, expected.parts[i].kind);
    EXPECT_EQ(dataset.parts[i].count, expected.parts[i].count);
  }
}

}  // namespace qmnist::test
