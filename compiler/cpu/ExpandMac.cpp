//===- ExpandMac.cpp - the multiply-accumulate micro-kernel -------------------------===//

#include "compiler/cpu/ExpandMac.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace dlc::cpu;

//===----------------------------------------------------------------------===//
// Epilogue
//===----------------------------------------------------------------------===//

LogicalResult Epilogue::verify(Operation *kernel) {
  for (Operation &op : region.front().without_terminator())
    if (!isa<arith::ConstantOp>(op) &&
        (!OpTrait::hasElementwiseMappableTraits(&op) || op.getNumResults() != 1))
      return kernel->emitOpError("has an epilogue with '")
             << op.getName() << "', which is not elementwise";
  return success();
}

bool Epilogue::isIdentity() const {
  Block &block = region.front();
  return block.getTerminator()->getOperand(0) == block.getArgument(0);
}

bool Epilogue::isLong() const {
  // A transcendental function becomes a polynomial of some twenty operations.
  return llvm::any_of(region.front(), [](Operation &op) {
    return isa<math::MathDialect>(op.getDialect()) && !isa<math::AbsFOp, math::FmaOp>(op);
  });
}

// A scalar from outside the region, or a constant in it, for all lanes.
static Value splatScalar(Emitter &e, Value scalar) {
  Attribute value;
  VectorType type = VectorType::get(e.lanes, scalar.getType());
  if (matchPattern(scalar, m_Constant(&value)))
    return e.constant(DenseElementsAttr::get(type, value));
  return vector::BroadcastOp::create(e.builder, e.loc, type, scalar);
}

Value Epilogue::apply(Emitter &e, Value accumulator, ValueRange at, Value block) {
  Block &body = region.front();
  IRMapping map;
  map.map(body.getArgument(0), accumulator);
  for (auto [extra, argument] : llvm::zip(extras, body.getArguments().drop_front())) {
    bool perChannel = cast<ShapedType>(extra.getType()).getRank() == 2;
    map.map(argument, perChannel ? e.load(extra, {block, e.index(0)}) : e.load(extra, at));
  }
  auto lookup = [&](Value value) {
    if (!map.contains(value))
      map.map(value, splatScalar(e, value));
    return map.lookup(value);
  };
  for (Operation &op : body.without_terminator()) {
    if (isa<arith::ConstantOp>(op))
      continue;
    OperationState state(e.loc, op.getName());
    for (Value operand : op.getOperands())
      state.addOperands(lookup(operand));
    state.addTypes(VectorType::get(e.lanes, op.getResult(0).getType()));
    state.addAttributes(op.getDiscardableAttrDictionary().getValue());
    state.propertiesAttr = op.getPropertiesAsAttribute();
    map.map(op.getResult(0), e.builder.create(state)->getResult(0));
  }
  return lookup(body.getTerminator()->getOperand(0));
}

//===----------------------------------------------------------------------===//
// Reduction
//===----------------------------------------------------------------------===//

Emitter::Values dlc::cpu::emitMac(Emitter &e, ValueRange accumulators, int64_t cols,
                                  ArrayRef<bool> activeRows, function_ref<Value(int64_t)> weights,
                                  function_ref<Value(int64_t)> pixel) {
  Emitter::Values results(accumulators), columns;
  for (int64_t j = 0; j < cols; ++j)
    columns.push_back(weights(j));
  for (auto [m, active] : llvm::enumerate(activeRows)) {
    if (!active)
      continue;
    Value value = pixel(m);
    for (int64_t j = 0; j < cols; ++j) {
      Value &sum = results[m * cols + j];
      sum = vector::FMAOp::create(e.builder, e.loc, value, columns[j], sum);
    }
  }
  return results;
}

Emitter::Values dlc::cpu::emitReduction(Emitter &e, ValueRange accumulators, int64_t count,
                                        int64_t unroll, MacStep step) {
  // LLVM turns the counter of two iterations into a flag and addresses into bit tricks, then
  // spills.
  while (count / unroll == 2 && unroll > 1)
    unroll /= 2;
  int64_t whole = count / unroll * unroll;
  auto body = [&](Value k, ValueRange carried) {
    Emitter::Values values(carried);
    for (int64_t u = 0; u < unroll; ++u)
      values = step(values, e.add(k, u));
    return values;
  };
  Emitter::Values values = e.loop(e.index(0), e.index(whole), unroll, accumulators, body);
  for (int64_t k = whole; k < count; ++k)
    values = step(values, e.index(k));
  return values;
}

//===----------------------------------------------------------------------===//
// Start and end of a tile
//===----------------------------------------------------------------------===//

Emitter::Values dlc::cpu::emitBias(Emitter &e, Value bias, int64_t rows, int64_t cols,
                                   function_ref<Value(int64_t)> block) {
  Emitter::Values row, all;
  for (int64_t j = 0; j < cols; ++j)
    row.push_back(e.load(bias, {block(j), e.index(0)}));
  for (int64_t m = 0; m < rows; ++m)
    llvm::append_range(all, row);
  return all;
}

Value dlc::cpu::emitLaneMask(Emitter &e, int64_t elements, Value block) {
  int64_t rest = elements % e.lanes;
  if (rest == 0)
    return {};
  Value all = e.lanesBetween(0, e.lanes), some = e.lanesBetween(0, rest);
  return arith::SelectOp::create(e.builder, e.loc, e.lessThan(block, e.index(elements / e.lanes)),
                                 all, some);
}

void dlc::cpu::emitStores(Emitter &e, ValueRange accumulators, const TileTarget &target,
                          Epilogue &epilogue) {
  bool later = epilogue.isLong();
  for (int64_t m = 0; m < target.rows; ++m) {
    for (int64_t j = 0; j < target.cols; ++j) {
      Emitter::Values at = target.at(e.add(target.firstRow, m), j);
      Value value = accumulators[m * target.cols + j];
      if (!later)
        value = epilogue.apply(e, value, at, target.block(j));
      e.store(value, target.out, at);
    }
  }
  if (later)
    emitEpiloguePass(e, target, e.add(target.firstRow, target.rows), epilogue);
}

void dlc::cpu::emitEpiloguePass(Emitter &e, const TileTarget &target, Value endRow,
                                Epilogue &epilogue) {
  e.loop(target.firstRow, endRow, 1, [&](Value row) {
    for (int64_t j = 0; j < target.cols; ++j) {
      Emitter::Values at = target.at(row, j);
      Value value = epilogue.apply(e, e.load(target.out, at), at, target.block(j));
      e.store(value, target.out, at);
    }
  });
}

void dlc::cpu::emitGroup(Emitter &e, Value group, int64_t groups, int64_t blocks, int64_t cols,
                         function_ref<void(int64_t)> body) {
  int64_t last = blocks - (groups - 1) * cols;
  if (last == cols)
    return body(cols);
  e.branch(e.lessThan(group, e.index(groups - 1)), [&] { body(cols); }, [&] { body(last); });
}
