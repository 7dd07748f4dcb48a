#include "host/whole_number.h"

#include <charconv>
#include <cstdlib>

namespace qmnist {

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number ? std::optional(number) : std::nullopt;
}

std::optional<std::size_t> whole_number_in(const char* variable) {
  const char* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): no setenv
  return text == nullptr ? std::nullopt : whole_number(text);
}

}  // namespace qmnist
