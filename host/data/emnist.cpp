#include "host/data/emnist.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "host/data/printable.h"
#include "host/error.h"
#include "host/read_file.h"
#include "host/whole_number.h"

namespace qmnist {
namespace {

constexpr std::string_view kDigitNames = "0123456789";
constexpr std::string_view kUpperCaseNames = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kLowerCaseNames = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUnmergedNames = "abdefghnqrt";  ///< lower case unlike its upper case

/// A class for each character.
ClassNames classes_of(std::initializer_list<std::string_view> characters) {
  ClassNames classes;
  for (const std::string_view some : characters) {
    std::ranges::transform(some, std::back_inserter(classes),
                           [](char character) { return std::string(1, character); });
  }
  return classes;
}

FileSet emnist_set(std::string_view split, ClassNames classes, std::size_t first_label) {
  FileSet set;
  set.info.name = fmt::format("EMNIST {}", split);
  set.info.classes = std::move(classes);
  set.info.form = {.transposed = true, .first_label = first_label};
  for (const auto& [kind, part] :
       {std::pair{DataPart::Kind::kTraining, "train"}, std::pair{DataPart::Kind::kTest, "test"}}) {
    set.parts.push_back({kind, fmt::format("emnist-{}-{}-images-idx3-ubyte", split, part),
                         fmt::format("emnist-{}-{}-labels-idx1-ubyte", split, part)});
  }
  set.mapping = fmt::format("emnist-{}-mapping.txt", split);
  return set;
}

/// The whole number that text is; if it is none, one that is no label and no character.
std::size_t number_in(std::string_view text) {
  constexpr std::size_t kNone = 1000000;
  return whole_number(text).value_or(kNone);
}

/// The fields of a line, which spaces separate.
std::vector<std::string> fields_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// Sets the name of the class that a line is of.
/// @param fail called with what is wrong and what would be right; throws
template <typename Fail>
void read_line(const std::string& line, const LabelRange& labels, ClassNames& classes,
               const Fail& fail) {
  const std::vector<std::string> fields = fields_of(line);
  if (fields.size() != 2 && fields.size() != 3) {
    fail(fmt::format("is \"{}\"; expected a label and one or two code points, as 1 65 97",
                     printable(line)));
  }
  const std::size_t place = number_in(fields[0]) - labels.first;
  if (place >= labels.count || !classes[place].empty()) {
    fail(fmt::format("the label is {}; expected {} to {}, each once", printable(fields[0]),
                     labels.first, labels.first + labels.count - 1));
  }
  for (std::size_t i = 1; i < fields.size(); ++i) {
    const std::size_t code_point = number_in(fields[i]);
    if (code_point <= ' ' || code_point > '~') {
      fail(fmt::format("a code point is {}; expected 33 to 126, a printable ASCII character",
                       printable(fields[i])));
    }
  }
  const std::string name(1, static_cast<char>(number_in(fields[1])));
  if (std::ranges::find(classes, name) != classes.end()) {
    fail(fmt::format("another label has the code point {} ({}), too; expected one for each label",
                     fields[1], name));
  }
  classes[place] = name;
}

}  // namespace

std::vector<FileSet> emnist_sets() {
  const ClassNames merged = classes_of({kDigitNames, kUpperCaseNames, kUnmergedNames});
  return {emnist_set("digits", classes_of({kDigitNames}), 0),
          emnist_set("mnist", classes_of({kDigitNames}), 0),
          emnist_set("letters", classes_of({kUpperCaseNames}), 1),
          emnist_set("balanced", merged, 0),
          emnist_set("bymerge", merged, 0),
          emnist_set("byclass", classes_of({kDigitNames, kUpperCaseNames, kLowerCaseNames}), 0)};
}

ClassNames read_emnist_mapping(const std::filesystem::path& path, const LabelRange& labels) {
  std::istringstream lines(read_file<DataError>(path, "EMNIST's mapping of labels to characters"));
  ClassNames classes(labels.count);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!fields_of(line).empty()) {
      read_line(line, labels, classes, [&](std::string_view problem) {
        throw DataError("{}: line {}: {}", path.string(), number, problem);
      });
    }
  }
  if (const auto missing = std::ranges::find(classes, ""); missing != classes.end()) {
    throw DataError("{}: line {}: ends without the label {}; expected {} to {}", path.string(),
                    number, labels.first + static_cast<std::size_t>(missing - classes.begin()),
                    labels.first, labels.first + labels.count - 1);
  }
  return classes;
}

}  // namespace qmnist
