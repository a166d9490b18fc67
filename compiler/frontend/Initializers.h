//===- Initializers.h - first values and penalties of weights -----------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_INITIALIZERS_H
#define DLC_COMPILER_FRONTEND_INITIALIZERS_H

#include "compiler/frontend/Fields.h"

namespace dlc::frontend {

/// A distribution: `constant` a, `uniform` in [a, b), `normal` with mean a and deviation b,
/// `truncated_normal`: the same within 2 b of the mean.
struct Initializer {
  llvm::StringRef kind = "constant";
  double a = 0, b = 0;
};

/// l1 * sum |w| + l2 * sum w^2, which is added to the loss.
struct Penalty {
  double l1 = 0, l2 = 0;

  explicit operator bool() const { return l1 != 0 || l2 != 0; }
};

Rows initializerRows();
Rows regularizerRows();

/// The distribution of a tensor of that shape, whose fans are counted as in Keras.
Initializer resolveInitializer(const NamedValue &value, llvm::ArrayRef<int64_t> shape);

/// What a regularizer field says; null is no penalty.
Penalty resolvePenalty(const FieldValue &value);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_INITIALIZERS_H
