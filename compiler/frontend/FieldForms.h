//===- FieldForms.h - how tables write their fields ---------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_FIELDFORMS_H
#define DLC_COMPILER_FRONTEND_FIELDFORMS_H

#include "compiler/frontend/Fields.h"
#include <limits>

namespace dlc::frontend::forms {

inline constexpr llvm::StringRef kRequired = "";
inline constexpr double kAny = std::numeric_limits<double>::infinity();

inline Field integer(llvm::StringRef name, llvm::StringRef fallback, llvm::StringRef doc,
                     int64_t min = 1, int64_t max = kMaxExtent) {
  return {name, FieldKind::Integer, fallback, doc, {}, double(min), double(max)};
}
inline Field pair(llvm::StringRef name, llvm::StringRef fallback, llvm::StringRef doc) {
  return {name, FieldKind::Pair, fallback, doc, {}, 1, double(kMaxWindow)};
}
inline Field number(llvm::StringRef name, llvm::StringRef fallback, llvm::StringRef doc,
                    double min = -kAny, double max = kAny) {
  return {name, FieldKind::Number, fallback, doc, {}, min, max};
}
inline Field numbers(llvm::StringRef name, llvm::StringRef fallback, llvm::StringRef doc,
                     double min = -kAny) {
  return {name, FieldKind::Numbers, fallback, doc, {}, min, kAny};
}
inline Field flag(llvm::StringRef name, llvm::StringRef fallback, llvm::StringRef doc) {
  return {name, FieldKind::Flag, fallback, doc};
}
inline Field choice(llvm::StringRef name, llvm::StringRef fallback, llvm::StringRef choices,
                    llvm::StringRef doc) {
  return {name, FieldKind::Choice, fallback, doc, choices};
}
inline Field named(llvm::StringRef name, Rows (*rows)(), llvm::StringRef fallback,
                   llvm::StringRef doc, FieldKind kind = FieldKind::Named) {
  return {name, kind, fallback, doc, {}, -kAny, kAny, rows};
}

} // namespace dlc::frontend::forms

#endif // DLC_COMPILER_FRONTEND_FIELDFORMS_H
