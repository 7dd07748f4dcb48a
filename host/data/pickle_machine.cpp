#include "host/data/pickle_machine.h"

#include <algorithm>

#include "host/data/printable.h"

namespace qmnist::pickle {
namespace {

constexpr std::uint8_t kProto = 0x80;
constexpr std::uint8_t kStop = '.';

// Kaggle's file has fewer than 150. The limit bounds time and memory for every file: no
// opcode makes more than one value, and every value is small because payloads stay in the file.
constexpr int kMaxOpcodes = 10'000;

// Names are compared; a payload taken for one, time and again through the memo, would be slow.
constexpr std::size_t kMaxName = 255;

struct GlobalName {
  std::string_view module;
  std::string_view name;
  Global global;
};

constexpr std::array<GlobalName, 7> kGlobals = {{
    {"numpy", "ndarray", Global::kNdarray},
    {"numpy", "dtype", Global::kDtype},
    {"numpy.core.multiarray", "_reconstruct", Global::kReconstruct},
    {"numpy._core.multiarray", "_reconstruct", Global::kReconstruct},
    {"numpy.core.numeric", "_frombuffer", Global::kFromBuffer},
    {"numpy._core.numeric", "_frombuffer", Global::kFromBuffer},
    {"_codecs", "encode", Global::kEncode},
}};

}  // namespace

Pickle Machine::run() {
  read_protocol();
  for (int count = 0; count < kMaxOpcodes; ++count) {
    if (position_ == file_.size()) {
      throw FormatError(position_, "the file ends before its pickle does");
    }
    start_ = position_++;
    if (file_[start_] == kStop) {
      return finish();
    }
    opcode_ = read_opcode();
    (this->*opcode_->execute)();
  }
  throw FormatError(position_, "more than {} opcodes; Kaggle's file needs fewer than 150",
                    kMaxOpcodes);
}

void Machine::read_protocol() {
  if (file_.size() < 2 || file_[0] != kProto || file_[1] < 2 || file_[1] > 5) {
    throw FormatError(0, "not a Python pickle of protocol 2 to 5");
  }
  position_ = 2;
}

const Machine::Opcode* Machine::read_opcode() {
  static constexpr std::array kOpcodes = {
      Opcode{0x95, "FRAME", &Machine::frame},
      Opcode{'N', "NONE", &Machine::push_none},
      Opcode{0x88, "NEWTRUE", &Machine::push_bool<true>},
      Opcode{0x89, "NEWFALSE", &Machine::push_bool<false>},
      Opcode{'K', "BININT1", &Machine::push_uint<1>},
      Opcode{'M', "BININT2", &Machine::push_uint<2>},
      Opcode{'J', "BININT", &Machine::push_int32},
      Opcode{0x8a, "LONG1", &Machine::push_long},
      Opcode{0x8c, "SHORT_BINUNICODE", &Machine::push_text<1>},
      Opcode{'X', "BINUNICODE", &Machine::push_text<4>},
      Opcode{'U', "SHORT_BINSTRING", &Machine::push_bytes<1>},
      Opcode{'T', "BINSTRING", &Machine::push_bytes<4>},
      Opcode{'C', "SHORT_BINBYTES", &Machine::push_bytes<1>},
      Opcode{'B', "BINBYTES", &Machine::push_bytes<4>},
      Opcode{0x8e, "BINBYTES8", &Machine::push_bytes<8>},
      Opcode{0x96, "BYTEARRAY8", &Machine::push_bytes<8>},
      Opcode{'(', "MARK", &Machine::push_mark},
      Opcode{')', "EMPTY_TUPLE", &Machine::push_tuple<0>},
      Opcode{0x85, "TUPLE1", &Machine::push_tuple<1>},
      Opcode{0x86, "TUPLE2", &Machine::push_tuple<2>},
      Opcode{0x87, "TUPLE3", &Machine::push_tuple<3>},
      Opcode{'t', "TUPLE", &Machine::push_marked_tuple},
      Opcode{'}', "EMPTY_DICT", &Machine::push_dict},
      Opcode{'s', "SETITEM", &Machine::set_item},
      Opcode{'u', "SETITEMS", &Machine::set_items},
      Opcode{0x94, "MEMOIZE", &Machine::memoize},
      Opcode{'q', "BINPUT", &Machine::put<1>},
      Opcode{'r', "LONG_BINPUT", &Machine::put<4>},
      Opcode{'h', "BINGET", &Machine::get<1>},
      Opcode{'j', "LONG_BINGET", &Machine::get<4>},
      Opcode{'c', "GLOBAL", &Machine::push_global_lines},
      Opcode{0x93, "STACK_GLOBAL", &Machine::push_global_popped},
      Opcode{'R', "REDUCE", &Machine::reduce},
      Opcode{'b', "BUILD", &Machine::build},
  };
  const std::uint8_t code = file_[start_];
  const auto* opcode = std::ranges::find(kOpcodes, code, &Opcode::code);
  if (opcode == kOpcodes.end()) {
    throw FormatError(start_, "opcode {:#04x} is not one that Kaggle's file needs", code);
  }
  return opcode;
}

Pickle Machine::finish() {
  if (stack_.empty()) {
    throw FormatError(start_, "the pickle ends without a value");
  }
  if (position_ != file_.size()) {
    throw FormatError(position_, "{} bytes after the end of the pickle; expected none",
                      file_.size() - position_);
  }
  return {std::move(nodes_), stack_.back()};
}

std::span<const std::uint8_t> Machine::take(std::uint64_t count) {
  const std::size_t left = file_.size() - position_;
  if (count > left) {
    fail("needs {} more bytes, but the file ends after {}", count, left);
  }
  const auto bytes = file_.subspan(position_, count);
  position_ += count;
  return bytes;
}

std::uint64_t Machine::read_uint(std::size_t bytes) {
  std::uint64_t value = 0;
  std::size_t shift = 0;
  for (const std::uint8_t byte : take(bytes)) {
    value |= std::uint64_t{byte} << shift;
    shift += 8;
  }
  return value;
}

std::string_view Machine::read_line() {
  const std::string_view rest = text_in(file_.subspan(position_));
  const std::size_t length = rest.find('\n');
  if (length == std::string_view::npos) {
    fail("has a name that the file's end cuts off");
  }
  position_ += length + 1;
  return rest.substr(0, length);
}

void Machine::push(Value value) {
  nodes_.push_back(std::make_unique<Node>(Node{start_, std::move(value)}));
  stack_.push_back(nodes_.back().get());
}

Node* Machine::top() const {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) {
    fail("finds too few values on the stack");
  }
  return stack_.back();
}

Node* Machine::pop() {
  Node* node = top();
  stack_.pop_back();
  return node;
}

std::vector<const Node*> Machine::pop_to_mark() {
  if (marks_.empty()) {
    fail("finds no mark on the stack");
  }
  const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<const Node*> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return items;
}

template <typename T>
T& Machine::expect(Node& node) const {
  auto* value = std::get_if<T>(&node.value);
  if (value == nullptr) {
    fail("finds {} on the stack; expected {}", kind_of(node.value),
         kind_of(Value(std::in_place_type<T>)));
  }
  return *value;
}

void Machine::push_int32() {
  push(std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(read_uint(4)))});
}

void Machine::push_long() {
  const std::uint64_t bytes = read_uint(1);
  if (bytes > 8) {
    fail("has {} bytes; expected an int of at most 8", bytes);
  }
  const std::size_t unused_bits = 64 - 8 * bytes;
  const std::uint64_t value = read_uint(bytes);
  push(bytes == 0 ? 0 : static_cast<std::int64_t>(value << unused_bits) >> unused_bits);
}

template <std::size_t kItems>
void Machine::push_tuple() {
  std::vector<const Node*> items(kItems);
  std::ranges::generate(items.rbegin(), items.rend(), [this] { return pop(); });
  push(Tuple{std::move(items)});
}

void Machine::push_global_lines() {
  const std::string_view module = read_line();
  push_global(module, read_line());
}

void Machine::push_global_popped() {
  const std::string_view name = name_in(*pop());
  push_global(name_in(*pop()), name);
}

void Machine::push_global(std::string_view module, std::string_view name) {
  const auto known = std::ranges::find_if(kGlobals, [&](const GlobalName& candidate) {
    return candidate.module == module && candidate.name == name;
  });
  if (known == kGlobals.end()) {
    throw FormatError(start_, "global {}.{} is not one that Kaggle's file needs", printable(module),
                      printable(name));
  }
  push(known->global);
}

void Machine::frame() {
  const std::uint64_t length = read_uint(8);
  const std::size_t left = file_.size() - position_;
  if (length > left) {
    fail("announces {} bytes, but the file ends after {}", length, left);
  }
}

void Machine::get_at(std::uint64_t index) {
  const auto entry = memo_.find(index);
  if (entry == memo_.end()) {
    fail("asks for memo entry {}, which was never put", index);
  }
  stack_.push_back(entry->second);
}

std::string_view Machine::name_in(const Node& node) const {
  std::string_view name;
  if (const auto* text = std::get_if<Text>(&node.value)) {
    name = text->view;
  } else if (const auto* bytes = std::get_if<Bytes>(&node.value)) {
    name = text_in(bytes->view);
  } else {
    fail("finds {} on the stack; expected str", kind_of(node.value));
  }
  if (name.size() > kMaxName) {
    fail("finds a name of {} bytes; expected at most {}", name.size(), kMaxName);
  }
  return name;
}

void Machine::set_item() {
  const Node* value = pop();
  const std::string_view key = name_in(*pop());
  expect<Dict>(*top()).items.insert_or_assign(key, value);
}

void Machine::set_items() {
  const std::vector<const Node*> items = pop_to_mark();
  if (items.size() % 2 != 0) {
    fail("finds a key without a value");
  }
  Dict& dict = expect<Dict>(*top());
  for (std::size_t i = 0; i < items.size(); i += 2) {
    dict.items.insert_or_assign(name_in(*items[i]), items[i + 1]);
  }
}

void Machine::reduce() {
  Node& args = *pop();
  expect<Tuple>(args);
  push(Call{expect<Global>(*pop()), &args});
}

void Machine::build() {
  const Node* state = pop();
  expect<Call>(*top()).state = state;
}

}  // namespace qmnist::pickle
