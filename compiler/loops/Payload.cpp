//===- Payload.cpp - a linalg op's payload on scalars or vectors --------------------===//

#include "compiler/loops/Payload.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace dlc::loops;

void Payload::flattenBuffers() {
  SmallVector<ReassociationIndices> all(1);
  all[0] = llvm::to_vector(llvm::seq<int64_t>(0, op.getNumLoops()));
  DenseMap<Value, Value> flat;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type || type.getRank() < 2)
      continue;
    Value &view = flat[operand.get()];
    if (!view)
      view = memref::CollapseShapeOp::create(builder, loc, operand.get(), all);
    buffers[operand.getOperandNumber()] = view;
  }
}

SmallVector<Value> Payload::indicesOf(OpOperand &operand) {
  if (contiguous)
    return {element};
  AffineMap map = op.getMatchingIndexingMap(&operand);
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) -> Value {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return ivs[dim.getPosition()];
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return arith::ConstantIndexOp::create(builder, loc, constant.getValue());
    AffineMap single = AffineMap::get(map.getNumDims(), 0, expr);
    return affine::AffineApplyOp::create(builder, loc, single, ivs);
  });
}

llvm::MaybeAlign Payload::alignmentOf(VectorType type) const {
  if (!aligned)
    return {};
  // No access takes more at once than buffers are aligned for.
  constexpr int64_t kWidest = 16;
  int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  return llvm::Align(std::min(bytes, kWidest));
}

Value Payload::load(OpOperand &operand, int64_t width) {
  if (Value value = known ? known->lookup(operand.get()) : Value())
    return value;
  Value buffer = buffers[operand.getOperandNumber()];
  auto type = dyn_cast<MemRefType>(buffer.getType());
  if (!type)
    return buffer;
  SmallVector<Value> indices = indicesOf(operand);
  if (width == 1 || !op.getMatchingIndexingMap(&operand).isFunctionOfDim(*inner))
    return memref::LoadOp::create(builder, loc, buffer, indices);
  auto vector = VectorType::get(width, type.getElementType());
  return vector::LoadOp::create(builder, loc, vector, buffer, indices, /*nontemporal=*/false,
                                alignmentOf(vector));
}

void Payload::store(Value value, OpOperand &init, int64_t width) {
  Value buffer = buffers[init.getOperandNumber()];
  SmallVector<Value> indices = indicesOf(init);
  if (width == 1) {
    memref::StoreOp::create(builder, loc, value, buffer, indices);
    return;
  }
  Value vector = splat(value, value.getType(), width);
  vector::StoreOp::create(builder, loc, vector, buffer, indices, /*nontemporal=*/false,
                          alignmentOf(cast<VectorType>(vector.getType())));
}

Value Payload::splat(Value value, Type element, int64_t width) {
  if (width == 1 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(builder, loc, VectorType::get(width, element), value);
}

// Where `loop` stands, lane by lane along the inner one.
Value Payload::position(unsigned loop, int64_t width) {
  if (width == 1 || loop != *inner)
    return ivs[loop];
  auto type = VectorType::get(width, builder.getIndexType());
  SmallVector<int64_t> lanes = llvm::to_vector(llvm::seq(int64_t(0), width));
  Value steps =
      arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, ArrayRef(lanes)));
  Value first = splat(ivs[loop], builder.getIndexType(), width);
  return arith::AddIOp::create(builder, loc, first, steps);
}

Operation *Payload::clone(Operation &inner, IRMapping &mapping, int64_t width) {
  bool varies = llvm::any_of(inner.getOperands(), [&](Value operand) {
    return isa<VectorType>(mapping.lookupOrDefault(operand).getType());
  });
  if (!varies)
    return builder.clone(inner, mapping);
  OperationState state(loc, inner.getName());
  for (Value operand : inner.getOperands())
    state.operands.push_back(splat(mapping.lookupOrDefault(operand), operand.getType(), width));
  for (Type type : inner.getResultTypes())
    state.types.push_back(VectorType::get(width, type));
  state.attributes = inner.getAttrs();
  Operation *result = builder.create(state);
  mapping.map(inner.getResults(), result->getResults());
  return result;
}

SmallVector<Value> Payload::emit(ValueRange outs, int64_t width) {
  Block *body = op.getBlock();
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands())
    if (op.payloadUsesValueFromOperand(input))
      mapping.map(op.getMatchingBlockArgument(input), load(*input, width));
  for (auto [index, out] : llvm::enumerate(outs))
    if (out)
      mapping.map(body->getArgument(op.getNumDpsInputs() + index), out);
  for (Operation &inner : body->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      mapping.map(index.getResult(), position(index.getDim(), width));
    else
      clone(inner, mapping, width);
  }
  return llvm::map_to_vector(body->getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Value Payload::combine(unsigned index, Value a, Value b) {
  Operation *combiner = getCombiner(op, index);
  StringAttr name = combiner->getName().getIdentifier();
  if (isa<math::FmaOp>(combiner))
    name = builder.getStringAttr(arith::AddFOp::getOperationName());
  return builder.create(loc, name, {a, b}, {a.getType()})->getResult(0);
}

Value Payload::neutral(unsigned index, int64_t width) {
  Operation *combiner = getCombiner(op, index);
  auto element = cast<FloatType>(combiner->getResult(0).getType());
  double value = isa<arith::MulFOp>(combiner) ? 1.0 : 0.0;
  if (isa<arith::MaximumFOp>(combiner))
    value = -std::numeric_limits<double>::infinity();
  if (isa<arith::MinimumFOp>(combiner))
    value = std::numeric_limits<double>::infinity();
  TypedAttr attr = builder.getFloatAttr(element, value);
  if (width == 1)
    return arith::ConstantOp::create(builder, loc, attr);
  auto splat = DenseElementsAttr::get(VectorType::get(width, element), Attribute(attr));
  return arith::ConstantOp::create(builder, loc, splat);
}

Value Payload::half(Value vector, bool high) {
  int64_t size = cast<VectorType>(vector.getType()).getDimSize(0) / 2;
  int64_t begin = high ? size : 0;
  if (size == 1)
    return vector::ExtractOp::create(builder, loc, vector, begin);
  SmallVector<int64_t> lanes = llvm::to_vector(llvm::seq(begin, begin + size));
  return vector::ShuffleOp::create(builder, loc, vector, vector, lanes);
}
