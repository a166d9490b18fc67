//===- Derivative.h - derivatives of scalar code -------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_OPS_DERIVATIVE_H
#define DLC_COMPILER_OPS_DERIVATIVE_H

#include "dialects/nn/Expr.h"

namespace dlc::ops {

/// d loss / d argument for each of `arguments` (null where it is zero everywhere), given `upstream`
/// = d loss / d `result`. All ops of `block` so far compute `result` from the arguments; the
/// derivative's are added behind them. Fails at an op that has no derivative here.
///
/// Kinks: a maximum or minimum against a constant passes nothing where both are equal (relu'(0) =
/// 0); two equal variables share alike. |x| has slope 0 at 0.
llvm::FailureOr<llvm::SmallVector<mlir::Value>>
differentiate(mlir::OpBuilder &builder, mlir::Block &block, mlir::ValueRange arguments,
              mlir::Value result, mlir::Value upstream);

} // namespace dlc::ops

#endif // DLC_COMPILER_OPS_DERIVATIVE_H
