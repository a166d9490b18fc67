//===- Json.h - a located tree of a JSON text ---------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_JSON_H
#define DLC_COMPILER_FRONTEND_JSON_H

#include "compiler/frontend/Messages.h"
#include <cstdint>
#include <string>
#include <vector>

namespace dlc::frontend::json {

enum class Kind { Null, Bool, Integer, Real, String, Array, Object };

// What a reader accepts: far above any network, far below what hurts.
inline constexpr unsigned kMaxDepth = 64;
inline constexpr size_t kMaxValues = size_t(1) << 20;
inline constexpr size_t kMaxBytes = size_t(64) << 20;

struct Member;

/// A value and the place of its first character in the source buffer.
struct Value {
  Kind kind = Kind::Null;
  bool boolean = false;
  llvm::SMLoc loc;
  int64_t integer = 0; ///< of an Integer
  double real = 0;     ///< of an Integer or a Real
  std::string text;    ///< a string's content, or a number as it is written
  std::vector<Value> elements;
  std::vector<Member> members;

  bool isNumber() const { return kind == Kind::Integer || kind == Kind::Real; }
  /// The member's value, or null. Objects only.
  const Value *find(llvm::StringRef key) const;
};

struct Member {
  std::string key;
  llvm::SMLoc loc;
  Value value;
};

/// Reads a source buffer. Broken JSON, duplicate keys, text that is not UTF-8 and excess of depth
/// or size are reported and fail.
mlir::FailureOr<Value> read(Messages &messages, unsigned buffer);

/// Reads a literal of dlc's own tables, whose values have no place in a file.
Value readLiteral(llvm::StringRef text);

/// The value in a few words, for messages: `"sme"`, `1e3`, `a list`.
std::string describe(const Value &value);

/// Writes compact JSON.
void print(llvm::raw_ostream &os, const Value &value);

/// Writes a string with its quotes and escapes.
void printString(llvm::raw_ostream &os, llvm::StringRef text);

} // namespace dlc::frontend::json

#endif // DLC_COMPILER_FRONTEND_JSON_H
