//===- Fields.h - the fields of layers: kinds, defaults, decoding -------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_FIELDS_H
#define DLC_COMPILER_FRONTEND_FIELDS_H

#include "compiler/frontend/Json.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc::frontend {

/// The largest extent of any tensor's dimension.
inline constexpr int64_t kMaxExtent = (int64_t(1) << 31) - 1;
/// The largest window, stride, dilation or padding.
inline constexpr int64_t kMaxWindow = (int64_t(1) << 16) - 1;

enum class FieldKind {
  Integer,
  Pair,     ///< an integer, or [height, width]
  Integers, ///< a list of integers
  Number,
  Numbers, ///< a number, or a list of them
  Flag,
  Choice,     ///< one of `choices`
  Padding,    ///< one of `choices`, or [[top, bottom], [left, right]]
  PadAmounts, ///< an integer, [height, width], or [[top, bottom], [left, right]]
  Text,
  Named,         ///< one of `rows`: its name, or an object with "type" and its fields
  NamedList,     ///< one of `rows`, or a list of them
  NumberOrNamed, ///< a number, or one of `rows`
  Any,           ///< whatever; another reader checks it
};

struct Row;
using Rows = llvm::SmallVector<const Row *>;

/// One row's field: what a layer accepts under a key.
struct Field {
  llvm::StringRef name;
  FieldKind kind;
  llvm::StringRef fallback; ///< the default as JSON; empty if the field is required
  llvm::StringRef doc;
  llvm::StringRef choices = {}; ///< words with | between
  double min = 0, max = 0;      ///< of an integer or number; also of each in a list
  Rows (*rows)() = nullptr;

  bool isRequired() const { return fallback.empty(); }
  bool isNullable() const { return fallback == "null"; }
  llvm::SmallVector<llvm::StringRef> getChoices() const;
};

/// A row of a table: something with a name and fields. Tables derive from it.
struct Row {
  llvm::StringRef name;
  llvm::StringRef doc;
  std::vector<Field> fields;
  std::vector<llvm::StringRef> aliases = {};
};

struct NamedValue;

/// A field as a model gives it, or its default.
struct FieldValue {
  json::Value source; ///< as written
  bool given = false;
  llvm::SmallVector<int64_t, 4> integers; ///< pairs have 2; paddings 4: top, bottom, left, right
  llvm::SmallVector<double, 1> numbers;
  std::vector<NamedValue> named; ///< rows of a table

  bool isNull() const { return source.kind == json::Kind::Null; }
};

/// A row as a model gives it.
struct NamedValue {
  const Row *row = nullptr;
  llvm::SMLoc loc;
  std::string spelling;           ///< its name as written
  std::vector<FieldValue> fields; ///< one for each of the row's, in its order

  const FieldValue &field(llvm::StringRef name) const;
  double number(llvm::StringRef name) const { return field(name).numbers.front(); }
  bool flag(llvm::StringRef name) const { return field(name).source.boolean; }
  llvm::StringRef text(llvm::StringRef name) const { return field(name).source.text; }
};

/// Reports members that are not among `known`.
void checkKeys(Messages &messages, llvm::StringRef prefix, const json::Value &object,
               llvm::ArrayRef<llvm::StringRef> known);

/// What a field accepts, for messages and the reference: `an integer of at least 1`.
std::string describeField(const Field &field);

/// Checks a value and fills `result`; reports with `prefix` (`layer "c1": `) what does not fit.
llvm::LogicalResult decodeField(Messages &messages, llvm::StringRef prefix, const Field &field,
                                const json::Value &value, FieldValue &result);

/// Checks the members of an object against `fields`, but for the keys in `others`; reports with
/// `prefix` what does not fit, and fills in defaults.
std::vector<FieldValue> decodeFields(Messages &messages, llvm::StringRef prefix,
                                     llvm::ArrayRef<Field> fields, const json::Value &object,
                                     llvm::ArrayRef<llvm::StringRef> others = {});

/// The field's default. It must have one.
FieldValue defaultOf(const Field &field);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_FIELDS_H
