#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace qmnist {

/// The error text for the first unknown argument of a parsed command line, with the most similar
/// options or commands; nothing if no argument is unknown. CLI11 has no suggestions before 2.5.
[[nodiscard]] std::optional<std::string> unknown_argument_text(const CLI::App& program);

}  // namespace qmnist
