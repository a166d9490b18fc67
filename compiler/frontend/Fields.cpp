//===- Fields.cpp - the fields of layers: kinds, defaults, decoding -----------------===//

#include "compiler/frontend/Fields.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace dlc::frontend {

using json::Kind;
using json::Value;

void checkKeys(Messages &messages, StringRef prefix, const Value &object,
               ArrayRef<StringRef> known) {
  for (const json::Member &member : object.members)
    if (!llvm::is_contained(known, member.key))
      (void)messages.error(member.loc, prefix + "unknown key \"" + member.key + "\"" +
                                           didYouMean(member.key, known));
}

SmallVector<StringRef> Field::getChoices() const {
  SmallVector<StringRef> words;
  choices.split(words, '|');
  return words;
}

static std::string spell(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.15g", value);
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

// A table of one row is an object of that row's fields.
static bool isUntyped(const Field &field) { return field.rows().size() == 1; }

static std::string namesOf(const Field &field) {
  if (isUntyped(field)) {
    SmallVector<StringRef> keys = llvm::map_to_vector(
        field.rows().front()->fields, [](const Field &inner) { return inner.name; });
    return "an object of " + quotedList(keys);
  }
  SmallVector<StringRef> names =
      llvm::map_to_vector(field.rows(), [](const Row *row) { return row->name; });
  return quotedList(names);
}

static const Row *findRow(const Field &field, StringRef name) {
  for (const Row *row : field.rows())
    if (row->name == name || llvm::is_contained(row->aliases, name))
      return row;
  return nullptr;
}

const FieldValue &NamedValue::field(StringRef name) const {
  for (auto [field, value] : llvm::zip_equal(row->fields, fields))
    if (field.name == name)
      return value;
  llvm_unreachable("a row was asked for a field that it lacks");
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
  case FieldKind::Text:
    text = "a string";
    break;
  case FieldKind::Named:
    text = namesOf(field) + (isUntyped(field) ? "" : ", or an object with that \"type\"");
    break;
  case FieldKind::NamedList:
    text = namesOf(field) + ", an object with that \"type\", or a list of them";
    break;
  case FieldKind::NumberOrNamed:
    text = "a number" + range + ", or an object with the \"type\" " + namesOf(field);
    break;
  case FieldKind::Any:
    text = "any value";
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

// The name of a row whose fields all have defaults.
static bool takeName(const Field &field, const Value &value, FieldValue &result) {
  const Row *row = value.kind == Kind::String ? findRow(field, value.text) : nullptr;
  if (!row || llvm::any_of(row->fields, [](const Field &inner) { return inner.isRequired(); }))
    return false;
  NamedValue &named = result.named.emplace_back();
  named.row = row;
  named.loc = value.loc;
  named.spelling = value.text;
  llvm::append_range(named.fields, llvm::map_range(row->fields, defaultOf));
  return true;
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
  case FieldKind::Text:
    return value.kind == Kind::String;
  case FieldKind::Named:
  case FieldKind::NamedList:
    return takeName(field, value, result);
  case FieldKind::NumberOrNamed:
    return takeNumber(field, value, result);
  case FieldKind::Any:
    return true;
  case FieldKind::PadAmounts:
    return takePadAmounts(field, value, result);
  }
  return false;
}

static std::string hintFor(const Field &field, const Value &value) {
  if (value.kind == Kind::String && !field.choices.empty())
    return didYouMean(value.text, field.getChoices());
  if (value.kind == Kind::String && field.rows) {
    SmallVector<StringRef> known;
    for (const Row *row : field.rows()) {
      known.push_back(row->name);
      llvm::append_range(known, row->aliases);
    }
    return didYouMean(value.text, known);
  }
  bool hasRange = field.min < field.max;
  if (hasRange && value.kind == Kind::Integer && value.integer > field.max)
    return "; the largest is " + spell(field.max);
  return "";
}

static LogicalResult refuse(Messages &messages, StringRef prefix, const Field &field,
                            const Value &value) {
  return messages.error(value.loc, prefix + "\"" + field.name + "\" must be " +
                                       describeField(field) + ", not " + json::describe(value) +
                                       hintFor(field, value));
}

// {"type": "Adam", "beta_1": 0.8}, or without a type where a table has one row.
static LogicalResult decodeNamed(Messages &messages, StringRef prefix, const Field &field,
                                 const Value &value, FieldValue &result) {
  const Value *type = value.kind == Kind::Object ? value.find("type") : nullptr;
  const Value &name = type ? *type : value;
  const Row *row = isUntyped(field) && !type   ? field.rows().front()
                   : name.kind == Kind::String ? findRow(field, name.text)
                                               : nullptr;
  bool isGood = value.kind == Kind::Object || value.kind == Kind::String;
  if (!row || !isGood || (isUntyped(field) && value.kind == Kind::String))
    return refuse(messages, prefix, field, name);
  static const Value empty = [] {
    Value object;
    object.kind = Kind::Object;
    return object;
  }();
  Value object = value.kind == Kind::Object ? value : empty;
  object.loc = value.loc;
  std::string inner = (prefix + "\"" + field.name + "\": ").str();
  unsigned before = messages.errorCount();
  result.named.push_back(
      {row, value.loc, name.text, decodeFields(messages, inner, row->fields, object, {"type"})});
  return success(messages.errorCount() == before);
}

static LogicalResult decodeNamedList(Messages &messages, StringRef prefix, const Field &field,
                                     const Value &value, FieldValue &result) {
  if (value.kind != Kind::Array)
    return decodeNamed(messages, prefix, field, value, result);
  for (const Value &element : value.elements)
    if (failed(decodeNamed(messages, prefix, field, element, result)))
      return failure();
  return success();
}

LogicalResult decodeField(Messages &messages, StringRef prefix, const Field &field,
                          const Value &value, FieldValue &result) {
  result.source = value;
  result.given = true;
  bool isTable = field.rows && value.kind != Kind::Null &&
                 !(field.kind == FieldKind::NumberOrNamed && value.isNumber());
  if (isTable)
    return field.kind == FieldKind::NamedList
               ? decodeNamedList(messages, prefix, field, value, result)
               : decodeNamed(messages, prefix, field, value, result);
  if (take(field, value, result))
    return success();
  return refuse(messages, prefix, field, value);
}

std::vector<FieldValue> decodeFields(Messages &messages, StringRef prefix, ArrayRef<Field> fields,
                                     const Value &object, ArrayRef<StringRef> others) {
  SmallVector<StringRef> known(others);
  for (const Field &field : fields)
    known.push_back(field.name);
  checkKeys(messages, prefix, object, known);
  std::vector<FieldValue> values;
  for (const Field &field : fields) {
    FieldValue &value = values.emplace_back();
    if (const Value *given = object.find(field.name))
      (void)decodeField(messages, prefix, field, *given, value);
    else if (field.isRequired())
      (void)messages.error(object.loc, prefix + "needs \"" + field.name + "\", " +
                                           describeField(field) + ": " + field.doc);
    else
      value = defaultOf(field);
  }
  return values;
}

FieldValue defaultOf(const Field &field) {
  FieldValue result;
  result.source = json::readLiteral(field.fallback);
  take(field, result.source, result);
  return result;
}

} // namespace dlc::frontend
