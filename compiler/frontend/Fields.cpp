//===- Fields.cpp - the fields of layers: kinds, defaults, decoding -----------------===//

#include "compiler/frontend/Fields.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc::frontend {

using json::Kind;
using json::Value;

SmallVector<StringRef> Field::getChoices() const {
  SmallVector<StringRef> words;
  choices.split(words, '|');
  return words;
}

static std::string spell(double value) {
  std::string text = value == static_cast<double>(static_cast<int64_t>(value))
                         ? std::to_string(static_cast<int64_t>(value))
                         : std::to_string(value);
  return text;
}

// " of at least 1", " between 0 and 1", or nothing where any value does.
static std::string describeRange(const Field &field) {
  bool isInteger = field.kind != FieldKind::Number && field.kind != FieldKind::Numbers;
  bool hasMin = field.min > -1e30, hasMax = field.max < (isInteger ? double(kMaxWindow) : 1e30);
  if (hasMin && hasMax)
    return " between " + spell(field.min) + " and " + spell(field.max);
  return hasMin ? " of at least " + spell(field.min) : "";
}

std::string describeField(const Field &field) {
  std::string range = describeRange(field), text;
  switch (field.kind) {
  case FieldKind::Integer:
    text = "an integer" + range;
    break;
  case FieldKind::Pair:
    text = "an integer" + range + ", or a pair [height, width] of them";
    break;
  case FieldKind::Integers:
    text = "a list of integers" + range;
    break;
  case FieldKind::Number:
    text = "a number" + range;
    break;
  case FieldKind::Numbers:
    text = "a number" + range + ", or a list of them, one a channel";
    break;
  case FieldKind::Flag:
    text = "true or false";
    break;
  case FieldKind::Choice:
    text = quotedList(field.getChoices());
    break;
  case FieldKind::Padding:
    text = quotedList(field.getChoices()) + " or [[top, bottom], [left, right]]";
    break;
  case FieldKind::PadAmounts:
    text = "an integer" + range + ", [height, width] or [[top, bottom], [left, right]]";
    break;
  }
  return field.isNullable() ? text + ", or null" : text;
}

static bool takeInteger(const Field &field, const Value &value, FieldValue &result) {
  if (value.kind != Kind::Integer || value.integer < field.min || value.integer > field.max)
    return false;
  result.integers.push_back(value.integer);
  return true;
}

static bool takeIntegers(const Field &field, const Value &value, FieldValue &result) {
  return value.kind == Kind::Array && llvm::all_of(value.elements, [&](const Value &element) {
           return takeInteger(field, element, result);
         });
}

static bool takePair(const Field &field, const Value &value, FieldValue &result) {
  if (value.kind == Kind::Array)
    return value.elements.size() == 2 && takeIntegers(field, value, result);
  return takeInteger(field, value, result) && takeInteger(field, value, result);
}

// [[top, bottom], [left, right]]
static bool takePairs(const Field &field, const Value &value, FieldValue &result) {
  return value.kind == Kind::Array && value.elements.size() == 2 &&
         llvm::all_of(value.elements, [&](const Value &side) {
           return side.kind == Kind::Array && takePair(field, side, result);
         });
}

static bool takePadAmounts(const Field &field, const Value &value, FieldValue &result) {
  bool isNested = value.kind == Kind::Array && !value.elements.empty() &&
                  value.elements.front().kind == Kind::Array;
  if (isNested)
    return takePairs(field, value, result);
  if (!takePair(field, value, result))
    return false;
  int64_t height = result.integers[0], width = result.integers[1];
  result.integers = {height, height, width, width};
  return true;
}

static bool takeNumber(const Field &field, const Value &value, FieldValue &result) {
  // Beyond 32-bit range a finite number would become an infinity in the network.
  constexpr double limit = 3.4028234663852886e38;
  if (!value.isNumber() || value.real < std::max(field.min, -limit) ||
      value.real > std::min(field.max, limit))
    return false;
  result.numbers.push_back(value.real);
  return true;
}

static bool takeNumbers(const Field &field, const Value &value, FieldValue &result) {
  if (value.kind != Kind::Array)
    return takeNumber(field, value, result);
  return !value.elements.empty() && llvm::all_of(value.elements, [&](const Value &element) {
    return takeNumber(field, element, result);
  });
}

static bool takeChoice(const Field &field, const Value &value) {
  return value.kind == Kind::String && llvm::is_contained(field.getChoices(), value.text);
}

static bool take(const Field &field, const Value &value, FieldValue &result) {
  if (value.kind == Kind::Null)
    return field.isNullable();
  switch (field.kind) {
  case FieldKind::Integer:
    return takeInteger(field, value, result);
  case FieldKind::Pair:
    return takePair(field, value, result);
  case FieldKind::Integers:
    return takeIntegers(field, value, result);
  case FieldKind::Number:
    return takeNumber(field, value, result);
  case FieldKind::Numbers:
    return takeNumbers(field, value, result);
  case FieldKind::Flag:
    return value.kind == Kind::Bool;
  case FieldKind::Choice:
    return takeChoice(field, value);
  case FieldKind::Padding:
    return value.kind == Kind::Array ? takePairs(field, value, result) : takeChoice(field, value);
  case FieldKind::PadAmounts:
    return takePadAmounts(field, value, result);
  }
  return false;
}

LogicalResult decodeField(Messages &messages, StringRef prefix, const Field &field,
                          const Value &value, FieldValue &result) {
  result.source = value;
  result.given = true;
  if (take(field, value, result))
    return success();
  std::string hint;
  if (value.kind == Kind::String && !field.choices.empty())
    hint = didYouMean(value.text, field.getChoices());
  else if (value.kind == Kind::Integer && value.integer > field.max)
    hint = "; the largest is " + spell(field.max);
  return messages.error(value.loc, prefix + "\"" + field.name + "\" must be " +
                                       describeField(field) + ", not " + json::describe(value) +
                                       hint);
}

FieldValue defaultOf(const Field &field) {
  FieldValue result;
  result.source = json::readLiteral(field.fallback);
  take(field, result.source, result);
  return result;
}

} // namespace dlc::frontend
