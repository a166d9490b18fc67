//===- Payload.h - a linalg op's payload on scalars or vectors -----------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_PAYLOAD_H
#define DLC_COMPILER_CPU_PAYLOAD_H

#include "compiler/cpu/LoopPlan.h"
#include "mlir/IR/Builders.h"

namespace dlc::cpu {

/// Emits accesses and the payload of a linalg op for `width` neighbours along the plan's inner
/// loop; width 1 is scalar. What does not vary along that loop stays scalar.
class Payload {
public:
  using Value = mlir::Value;

  Payload(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op, const LoopPlan &plan)
      : builder(builder), loc(op.getLoc()), op(op), plan(plan), ivs(op.getNumLoops()) {
    for (mlir::OpOperand &operand : op->getOpOperands())
      buffers[operand.getOperandNumber()] = operand.get();
  }

  /// Where the loops stand.
  void setIndex(unsigned loop, Value iv) { ivs[loop] = iv; }
  /// Contiguous plans: where the one loop stands, over buffers seen as one dimension.
  void setElement(Value iv) { element = iv; }
  void flattenBuffers();

  Value load(mlir::OpOperand &operand, int64_t width);
  void store(Value value, mlir::OpOperand &init, int64_t width);

  /// The yielded values, given the destinations' (null where the payload does not read them).
  llvm::SmallVector<Value> emit(mlir::ValueRange outs, int64_t width);

  /// Folds two values, scalars or vectors, as the reduction into destination `index` does.
  Value combine(unsigned index, Value a, Value b);
  /// A vector that combine() leaves alone.
  Value neutral(unsigned index, int64_t width);
  /// The low or high half of a vector; a scalar if one element is left.
  Value half(Value vector, bool high);

private:
  Value splat(Value value, mlir::Type element, int64_t width);
  Value position(unsigned loop, int64_t width);
  mlir::Operation *clone(mlir::Operation &inner, mlir::IRMapping &mapping, int64_t width);
  llvm::SmallVector<Value> indicesOf(mlir::OpOperand &operand);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::linalg::LinalgOp op;
  const LoopPlan &plan;
  llvm::SmallVector<Value> ivs;
  Value element;
  llvm::DenseMap<unsigned, Value> buffers;
};

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_PAYLOAD_H
