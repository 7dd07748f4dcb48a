#include "host/cli/unknown_argument.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

#include "host/config/config_keys.h"
#include "host/edit_distance.h"

namespace qmnist {
namespace {

/// A possible correction.
struct Suggestion {
  std::string spelling;  ///< compared with the argument
  std::string text;      ///< what to write instead
};

std::vector<Suggestion> known_commands(const CLI::App& program) {
  std::vector<Suggestion> known;
  for (const CLI::App* command : program.get_subcommands({})) {
    known.push_back({command->get_name(), command->get_name()});
  }
  return known;
}

/// The options of a command and, if it takes --set, the config keys, so that --epochs suggests
/// --set training.epochs.
std::vector<Suggestion> known_options(const CLI::App& command) {
  std::vector<Suggestion> known;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      known.push_back({name, "--" + name});
    }
  }
  if (command.get_option_no_throw("--set") != nullptr) {
    for (const ConfigKey& key : config_keys()) {
      std::string name(key.name.substr(key.name.rfind('.') + 1));
      std::ranges::replace(name, '_', '-');
      if (std::ranges::find(known, name, &Suggestion::spelling) == known.end()) {
        known.push_back({name, fmt::format("--set {}=VALUE", key.name)});
      }
    }
  }
  return known;
}

/// The suggestions most similar to `word` or starting with it; none if none is similar.
std::vector<std::string> nearest(std::string_view word, const std::vector<Suggestion>& known) {
  const auto distance = [word](const Suggestion& suggestion) {
    constexpr std::size_t kMinPrefix = 3;
    const bool is_beginning = word.size() >= kMinPrefix && suggestion.spelling.starts_with(word);
    return is_beginning ? 0 : edit_distance(word, suggestion.spelling);
  };
  std::size_t smallest = (word.size() + 1) / 2;  // with more edits, it is a different word
  for (const Suggestion& suggestion : known) {
    smallest = std::min(smallest, distance(suggestion));
  }
  std::vector<std::string> texts;
  for (const Suggestion& suggestion : known) {
    if (distance(suggestion) == smallest) {
      texts.push_back(suggestion.text);
    }
  }
  return texts;
}

/// @param app the program or the command that `argument` is unknown to
std::string unknown_text(const CLI::App& program, const CLI::App& app,
                         const std::string& argument) {
  const bool is_program = &app == &program;
  std::string_view word = argument;
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  word = word.substr(0, word.find('='));
  std::string_view kind = "argument";
  std::vector<std::string> texts;
  if (argument.starts_with('-')) {
    kind = "option";
    texts = nearest(word, known_options(app));
  } else if (is_program) {
    kind = "command";
    texts = nearest(word, known_commands(program));
  }
  return fmt::format(
      "unknown {} {}{}; see qmnist_gpu {}--help", kind, argument,
      texts.empty() ? "" : fmt::format(", did you mean {}?", fmt::join(texts, " or ")),
      is_program ? "" : app.get_name() + " ");
}

}  // namespace

std::optional<std::string> unknown_argument_text(const CLI::App& program) {
  std::vector<const CLI::App*> apps{&program};
  for (const CLI::App* command : program.get_subcommands()) {
    apps.push_back(command);
  }
  for (const CLI::App* app : apps) {
    if (const std::vector<std::string> unknown = app->remaining(); !unknown.empty()) {
      return unknown_text(program, *app, unknown.front());
    }
  }
  return std::nullopt;
}

}  // namespace qmnist
