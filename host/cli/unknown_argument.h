#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace qmnist {

/// What is wrong with the first argument of a parsed command line that neither the program nor the
/// command named there takes, with the options or commands that are spelled most like it; nothing
/// if there is no such argument.
///
/// Our own, as CLI11 has no suggestions before 2.5.
[[nodiscard]] std::optional<std::string> unknown_argument_text(const CLI::App& program);

}  // namespace qmnist
