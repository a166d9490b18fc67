//===- Reverse.h - the reverse walk --------------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_AUTODIFF_REVERSE_H
#define DLC_COMPILER_AUTODIFF_REVERSE_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseSet.h"

namespace dlc::autodiff {

/// Reverse-mode differentiation of the ops of one block.
///
///   Reverse reverse(builder, block, {%w});
///   reverse.seed(%loss, %one);
///   reverse.run();                    // at the builder's place, behind all ops of the block
///   Value dw = reverse.gradient(%w);  // null: the seeds do not depend on it
///
/// Only what the seeds' derivatives with respect to the `sources` need is built. Where a value is
/// read several times its gradients are added in the reverse order of its readers.
class Reverse {
public:
  Reverse(mlir::OpBuilder &builder, mlir::Block &block, mlir::ValueRange sources);

  /// `gradient` is (part of) the derivative with respect to `value`.
  void seed(mlir::Value value, mlir::Value gradient) { add(value, gradient); }

  /// Fails, with a message at the op, where an op on the way has no gradient.
  llvm::LogicalResult run();

  mlir::Value gradient(mlir::Value value) const { return gradients.lookup(value); }

private:
  void add(mlir::Value value, mlir::Value part);
  llvm::LogicalResult visit(mlir::Operation *op);

  mlir::OpBuilder &builder;
  llvm::SmallVector<mlir::Operation *> forward;
  llvm::DenseSet<mlir::Value> active; ///< what depends on a source
  llvm::DenseMap<mlir::Value, mlir::Value> gradients;
};

} // namespace dlc::autodiff

#endif // DLC_COMPILER_AUTODIFF_REVERSE_H
