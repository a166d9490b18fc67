//===- Json.cpp - a located tree of a JSON text -------------------------------------===//
// nlohmann's SAX parser over an iterator that counts, so that every event knows its place.

#include "compiler/frontend/Json.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

#define JSON_NOEXCEPTION
#include <nlohmann/json.hpp>

using namespace mlir;
using llvm::SMLoc, llvm::Twine;

namespace dlc::frontend::json {

namespace {

// Reads characters and tells a shared position how far the parser came.
class CountingIterator {
public:
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char *;
  using reference = const char &;
  using iterator_category = std::input_iterator_tag;

  CountingIterator(const char *at, const char **position) : at(at), position(position) {}
  reference operator*() const { return *at; }
  CountingIterator &operator++() {
    *position = ++at;
    return *this;
  }
  bool operator==(const CountingIterator &other) const { return at == other.at; }
  bool operator!=(const CountingIterator &other) const { return at != other.at; }

private:
  const char *at;
  const char **position;
};

// Builds the tree from the parser's events. A false from an event stops the parser.
class TreeBuilder {
public:
  using Parser = nlohmann::json;

  TreeBuilder(StringRef text, Messages *messages)
      : text(text), position(text.begin()), end(text.begin()), messages(messages) {}

  bool parse() {
    return Parser::sax_parse(CountingIterator(text.begin(), &position),
                             CountingIterator(text.end(), &position), this);
  }
  Value root;

  bool null() { return add(Kind::Null, start()); }
  bool boolean(bool value) {
    const char *at = start();
    Value *added = add(Kind::Bool, at);
    return added && (added->boolean = value, true);
  }
  bool number_integer(int64_t value) { return number(value, static_cast<double>(value)); }
  bool number_unsigned(uint64_t value) {
    bool fits = value <= static_cast<uint64_t>(INT64_MAX);
    return number(fits ? std::optional<int64_t>(value) : std::nullopt, static_cast<double>(value));
  }
  bool number_float(double value, const std::string &) { return number(std::nullopt, value); }
  bool string(std::string &value) {
    Value *added = add(Kind::String, start());
    return added && (added->text = std::move(value), true);
  }
  bool binary(Parser::binary_t &) { return false; }
  bool start_object(size_t) { return open(Kind::Object); }
  bool start_array(size_t) { return open(Kind::Array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string &value) {
    keyLoc = SMLoc::getFromPointer(start());
    if (!stack.back().keys.insert(value).second)
      return fail(keyLoc, "duplicate key " + quoted(value));
    pendingKey = std::move(value);
    return true;
  }

  bool parse_error(size_t, const std::string &, const nlohmann::detail::exception &error) {
    StringRef what = error.what();
    const char *token = nextToken();
    if (what.contains("number overflow"))
      return fail(SMLoc::getFromPointer(token),
                  "the number is too large for 64-bit floating point");
    // An unexpected token is shown at its start, a malformed one where it breaks.
    const char *at = what.contains("unexpected") ? token : position - 1;
    at = std::clamp(at, text.begin(), text.end());
    return fail(SMLoc::getFromPointer(at), "broken JSON: " + reason(what));
  }

private:
  struct Open {
    Value *value;
    llvm::StringSet<> keys;
  };

  static std::string quoted(StringRef word) {
    std::string out;
    llvm::raw_string_ostream os(out);
    printString(os, word.take_front(64));
    return out;
  }

  // nlohmann's words between its own prefix and its echo of the input.
  static std::string reason(StringRef what) {
    StringRef message = what.split(" - ").second;
    auto [before, after] = message.split("; last read: ");
    size_t expected = after.rfind("; expected ");
    return (before + (expected == StringRef::npos ? "" : after.substr(expected))).str();
  }

  bool fail(SMLoc loc, const Twine &message) {
    if (messages)
      (void)messages->error(loc, message);
    return false;
  }

  // Where the next token begins: after the spaces and separators behind the last one.
  const char *nextToken() const {
    const char *at = end;
    while (at != text.end() && StringRef(" \t\r\n,:").contains(*at))
      ++at;
    return at;
  }

  const char *start() {
    const char *token = nextToken();
    end = position;
    return token;
  }

  bool number(std::optional<int64_t> integer, double real) {
    const char *token = nextToken();
    // The parser reads one character past a number, except where the text ends with it.
    bool isLast = position == text.end() && (llvm::isAlnum(position[-1]) || position[-1] == '.');
    end = isLast ? position : position - 1;
    Value *added = add(integer ? Kind::Integer : Kind::Real, token);
    if (!added)
      return false;
    added->integer = integer.value_or(0);
    added->real = real;
    added->text.assign(token, end);
    return true;
  }

  Value *add(Kind kind, const char *at) {
    if (++count > kMaxValues) {
      fail(SMLoc::getFromPointer(at), "more than " + Twine(kMaxValues) + " values in one file");
      return nullptr;
    }
    Value *value = &root;
    if (!stack.empty() && stack.back().value->kind == Kind::Array)
      value = &stack.back().value->elements.emplace_back();
    else if (!stack.empty())
      value = &stack.back()
                   .value->members.emplace_back(Member{std::move(pendingKey), keyLoc, {}})
                   .value;
    value->kind = kind;
    value->loc = SMLoc::getFromPointer(at);
    return value;
  }

  bool open(Kind kind) {
    const char *at = start();
    if (stack.size() >= kMaxDepth)
      return fail(SMLoc::getFromPointer(at), "nested deeper than " + Twine(kMaxDepth) + " levels");
    // A parent grows only after its child is closed, so the pointer stays good.
    Value *value = add(kind, at);
    if (value)
      stack.push_back({value, {}});
    return value;
  }

  bool close() {
    start();
    stack.pop_back();
    return true;
  }

  StringRef text;
  const char *position; // how far the parser has read
  const char *end;      // the end of the last token
  Messages *messages;
  std::vector<Open> stack;
  std::string pendingKey;
  SMLoc keyLoc;
  size_t count = 0;
};

} // namespace

const Value *Value::find(StringRef key) const {
  for (const Member &member : members)
    if (member.key == key)
      return &member.value;
  return nullptr;
}

FailureOr<Value> read(Messages &messages, unsigned buffer) {
  StringRef text = messages.getSources().getMemoryBuffer(buffer)->getBuffer();
  SMLoc begin = SMLoc::getFromPointer(text.begin());
  if (text.size() > kMaxBytes)
    return messages.error(begin, "a model file may have at most 64 MiB");
  if (text.starts_with("\xEF\xBB\xBF"))
    return messages.error(begin, "the file begins with a byte order mark; save it as plain UTF-8");
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return messages.error(begin, "the file is UTF-16; save it as UTF-8");
  TreeBuilder builder(text, &messages);
  if (!builder.parse())
    return failure();
  return std::move(builder.root);
}

Value readLiteral(StringRef text) {
  TreeBuilder builder(text, nullptr);
  builder.parse();
  return std::move(builder.root);
}

} // namespace dlc::frontend::json
