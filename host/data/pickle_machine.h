#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

/// The part of Python's pickle format that a file of NumPy arrays needs, read into inert values.
namespace qmnist::pickle {

/// The globals that such a file may name; NumPy 1 and 2 spell them differently.
enum class Global { kNdarray, kDtype, kReconstruct, kFromBuffer, kEncode };

struct Node;

struct None {};

/// A Python str, as UTF-8 in the file.
struct Text {
  std::string_view view;
};

/// A Python bytes or bytearray, or a Python 2 str, as a view into the file.
struct Bytes {
  std::span<const std::uint8_t> view;
};

struct Tuple {
  std::vector<const Node*> items;
};

/// A dict whose keys are strings.
struct Dict {
  std::map<std::string_view, const Node*> items;
};

/// The record of a call that Python would have made; nothing is ever called.
struct Call {
  Global callable;
  const Node* args;             ///< a Tuple
  const Node* state = nullptr;  ///< what BUILD would have set, if anything
};

using Value = std::variant<None, bool, std::int64_t, Text, Bytes, Tuple, Dict, Global, Call>;

inline constexpr std::array<std::string_view, std::variant_size_v<Value>> kKinds = {
    "None", "bool", "int", "str", "bytes", "tuple", "dict", "global", "call"};

/// What messages call a value's kind.
inline std::string_view kind_of(const Value& value) {
  return kKinds.at(value.index());
}

/// A value and where in the file the opcode that made it lies.
struct Node {
  std::size_t offset;
  Value value;
};

/// What a pickle holds. The values point at one another, in circles if the pickle says so, and
/// into the file's bytes, which must outlive them.
struct Pickle {
  std::vector<std::unique_ptr<Node>> nodes;
  const Node* root = nullptr;
};

/// What is wrong with a pickle, and at which byte.
class FormatError : public std::runtime_error {
 public:
  template <typename... Args>
  explicit FormatError(std::size_t offset, fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)), offset_(offset) {}
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }

 private:
  std::size_t offset_;
};

/// Characters of the file, without a copy.
inline std::string_view text_in(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The value of a node that must be a T; `what` is the subject of the message if it is not.
/// @throws FormatError
template <typename T>
const T& expect(const Node& node, std::string_view what) {
  const T* value = std::get_if<T>(&node.value);
  if (value == nullptr) {
    throw FormatError(node.offset, "{} is {}; expected {}", what, kind_of(node.value),
                      kind_of(Value(std::in_place_type<T>)));
  }
  return *value;
}

/// The same for a str, which Python 2 wrote where Python 3 reads bytes.
inline std::string_view expect_name(const Node& node, std::string_view what) {
  if (const auto* bytes = std::get_if<Bytes>(&node.value)) {
    return text_in(bytes->view);
  }
  return expect<Text>(node, what).view;
}

/// The same for a tuple of at least so many items.
inline std::span<const Node* const> expect_items(const Node& node, std::size_t least,
                                                 std::string_view what) {
  const auto& items = expect<Tuple>(node, what).items;
  if (items.size() < least) {
    throw FormatError(node.offset, "{} has {} items; expected {}", what, items.size(), least);
  }
  return items;
}

/// Python's pickle machine: each opcode pushes a value on a stack or replaces those on top of it.
///
/// It knows only the opcodes and globals that a file of NumPy arrays needs, and nothing that it
/// reads is run. Time and memory are bounded for every file: the opcodes are counted, each
/// makes one value at most, and strings stay in the file.
class Machine {
 public:
  /// `file` is the whole file; the values that run() returns point into it.
  explicit Machine(std::span<const std::uint8_t> file) : file_(file) {}

  /// Reads the file as one pickle of protocol 2 to 5; call it once.
  /// @throws FormatError at an opcode or global outside the known few, at a truncation, at bytes
  ///   after the end, and at more opcodes than such a file can need.
  [[nodiscard]] Pickle run();

 private:
  struct Opcode {
    std::uint8_t code;
    std::string_view name;
    void (Machine::*execute)();
  };

  void read_protocol();
  const Opcode* read_opcode();
  Pickle finish();

  // What opcodes do.
  void push_none() { push(None{}); }
  void push_mark() { marks_.push_back(stack_.size()); }
  void push_dict() { push(Dict{}); }
  void push_int32();
  void push_long();
  void push_global_lines();
  void push_global_popped();
  void push_marked_tuple() { push(Tuple{pop_to_mark()}); }
  template <bool kValue>
  void push_bool() {
    push(kValue);
  }
  template <std::size_t kBytes>
  void push_uint() {
    push(static_cast<std::int64_t>(read_uint(kBytes)));
  }
  template <std::size_t kLengthBytes>
  void push_text() {
    push(Text{text_in(take(read_uint(kLengthBytes)))});
  }
  template <std::size_t kLengthBytes>
  void push_bytes() {
    push(Bytes{take(read_uint(kLengthBytes))});
  }
  template <std::size_t kItems>
  void push_tuple();
  void frame();
  void memoize() { put_at(memo_.size()); }
  template <std::size_t kIndexBytes>
  void put() {
    put_at(read_uint(kIndexBytes));
  }
  template <std::size_t kIndexBytes>
  void get() {
    get_at(read_uint(kIndexBytes));
  }
  void set_item();
  void set_items();
  void reduce();
  void build();

  // What those are made of.
  std::span<const std::uint8_t> take(std::uint64_t count);
  std::uint64_t read_uint(std::size_t bytes);
  std::string_view read_line();
  void push(Value value);
  void push_global(std::string_view module, std::string_view name);
  [[nodiscard]] Node* top() const;
  Node* pop();
  std::vector<const Node*> pop_to_mark();
  void put_at(std::uint64_t index) { memo_[index] = top(); }
  void get_at(std::uint64_t index);
  [[nodiscard]] std::string_view name_in(const Node& node) const;
  template <typename T>
  T& expect(Node& node) const;
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw FormatError(start_, "{} {}", opcode_->name,
                      fmt::format(format, std::forward<Args>(args)...));
  }

  std::span<const std::uint8_t> file_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;  // of the opcode being executed
  const Opcode* opcode_ = nullptr;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Node*> stack_;
  std::vector<std::size_t> marks_;  // heights of the stack
  std::unordered_map<std::uint64_t, Node*> memo_;
};

}  // namespace qmnist::pickle
