//===- Payload.h - a linalg op's payload on scalars or vectors -----------*- C++ -*-===//
#ifndef DLC_COMPILER_LOOPS_PAYLOAD_H
#define DLC_COMPILER_LOOPS_PAYLOAD_H

#include "compiler/loops/LoopPlan.h"
#include "mlir/IR/Builders.h"

namespace dlc::loops {

/// Fuses products into sums where a linalg op's reductions or its contract flags ask for it, and
/// makes all else strict: left to LLVM, vectors and the elements after them might be rounded
/// differently.
void makeStrict(mlir::linalg::GenericOp op);

/// Emits accesses and the payload of a linalg op for `width` neighbours along the `inner` loop;
/// width 1 is scalar. What does not vary along that loop stays scalar. Where the op is `contiguous`
/// one loop walks all elements.
class Payload {
public:
  using Value = mlir::Value;

  /// `aligned`: vectors in memory lie at multiples of their size, or of 16 bytes.
  Payload(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op, std::optional<unsigned> inner,
          bool contiguous, bool aligned = false)
      : builder(builder), loc(op.getLoc()), op(op), inner(inner), contiguous(contiguous),
        aligned(aligned), ivs(op.getNumLoops()) {
    for (mlir::OpOperand &operand : op->getOpOperands())
      buffers[operand.getOperandNumber()] = operand.get();
  }

  /// Where the loops stand.
  void setIndex(unsigned loop, Value iv) { ivs[loop] = iv; }
  /// Contiguous ops: where the one loop stands, over buffers seen as one dimension.
  void setElement(Value iv) { element = iv; }
  void flattenBuffers();

  /// What buffers hold where the loops stand, so that loads need not read it; null: nothing is known.
  void setKnown(const llvm::DenseMap<Value, Value> *values) { known = values; }

  Value load(mlir::OpOperand &operand, int64_t width);
  void store(Value value, mlir::OpOperand &init, int64_t width);

  /// The yielded values, given the destinations' (null where the payload does not read them).
  llvm::SmallVector<Value> emit(mlir::ValueRange outs, int64_t width);

  /// Folds two values, scalars or vectors, as the reduction into destination `index` does.
  Value combine(unsigned index, Value a, Value b);
  /// A vector, a scalar for width 1, that combine() leaves alone.
  Value neutral(unsigned index, int64_t width);
  /// The low or high half of a vector; a scalar if one element is left.
  Value half(Value vector, bool high);

  /// A vector as it is, or one of a scalar; for width 1 the scalar.
  Value splat(Value value, mlir::Type element, int64_t width);

private:
  Value position(unsigned loop, int64_t width);
  mlir::Operation *clone(mlir::Operation &inner, mlir::IRMapping &mapping, int64_t width);
  llvm::SmallVector<Value> indicesOf(mlir::OpOperand &operand);
  llvm::MaybeAlign alignmentOf(mlir::VectorType type) const;

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::linalg::LinalgOp op;
  std::optional<unsigned> inner;
  bool contiguous, aligned;
  llvm::SmallVector<Value> ivs;
  Value element;
  llvm::DenseMap<unsigned, Value> buffers;
  const llvm::DenseMap<Value, Value> *known = nullptr;
};

} // namespace dlc::loops

#endif // DLC_COMPILER_LOOPS_PAYLOAD_H
