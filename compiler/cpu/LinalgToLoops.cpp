//===- LinalgToLoops.cpp - linalg in outlined functions to scalar loops --------------===//
//
// The nest follows the LoopPlan: the item loop, then the other loops, the innermost with unit strides.
// Trailing reduction loops carry their results in registers; their additions may be reassociated, which
// lets LLVM's vectorizer keep one partial sum a lane. That order depends on extents only, never on
// [lo, hi), so any split over threads gives the same bits.
//
//   linalg.reduce { arith.addf } ins(%x : memref<?x64xf32>) outs(%y : memref<?xf32>) dimensions = [1]
//   ->
//   scf.for %i = %lo to %hi step %c1 {
//     %y0 = memref.load %y[%i] : memref<?xf32>
//     %sum = scf.for %k = %c0 to %c64 step %c1 iter_args(%acc = %y0) -> f32 {
//       %v = memref.load %x[%i, %k] : memref<?x64xf32>
//       %s = arith.addf %v, %acc fastmath<reassoc,contract> : f32
//       scf.yield %s : f32
//     }
//     memref.store %sum, %y[%i] : memref<?xf32>
//   }
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/LoopPlan.h"
#include "compiler/cpu/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/IRMapping.h"

namespace dlc::cpu {
#define GEN_PASS_DEF_LINALGTOLOOPS
#include "compiler/cpu/Passes.h.inc"
} // namespace dlc::cpu

using namespace mlir;
using namespace dlc::cpu;

namespace {
class LoopEmitter {
public:
  LoopEmitter(linalg::LinalgOp op, Value lo, Value hi)
      : op(op), plan(planLoops(op)), builder(op), loc(op.getLoc()), lo(lo), hi(hi),
        ivs(op.getNumLoops()) {}
  void emit();

private:
  void flattenBuffers();
  void emitItemLoop();
  void setItem(Value item);
  void emitLoops(unsigned depth, unsigned end);
  void emitReduction(unsigned depth);
  SmallVector<Value> emitReductionLoops(unsigned depth, SmallVector<Value> carried);
  SmallVector<Value> emitBody(ValueRange outs);
  SmallVector<Value> indicesOf(OpOperand &operand);
  Value load(OpOperand &operand);
  void store(Value value, OpOperand &init);
  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value extent(unsigned loop) {
    return getValueOrCreateConstantIndexOp(builder, loc, ranges[loop].size);
  }

  linalg::LinalgOp op;
  LoopPlan plan;
  OpBuilder builder;
  Location loc;
  Value lo, hi, item;
  SmallVector<Range> ranges;
  SmallVector<Value> ivs;
  DenseMap<Value, Value> flat;
  unsigned firstReduction = 0;
};
} // namespace

void LoopEmitter::emit() {
  ranges = op.createLoopRanges(builder, loc);
  auto iterators = op.getIteratorTypesArray();
  firstReduction = plan.order.size();
  while (firstReduction > 0 && iterators[plan.order[firstReduction - 1]] == utils::IteratorType::reduction)
    --firstReduction;
  if (plan.contiguous)
    flattenBuffers();
  if (plan.flattened > 0)
    emitItemLoop();
  else
    emitLoops(0, firstReduction);
}

// Buffers of an elementwise op, seen as one dimension.
void LoopEmitter::flattenBuffers() {
  SmallVector<ReassociationIndices> all(1);
  all[0] = llvm::to_vector(llvm::seq<int64_t>(0, op.getNumLoops()));
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (type && type.getRank() > 1 && !flat.contains(operand))
      flat[operand] = memref::CollapseShapeOp::create(builder, loc, operand, all);
  }
}

void LoopEmitter::emitItemLoop() {
  auto loop = scf::ForOp::create(builder, loc, lo, hi, constant(1));
  builder.setInsertionPointToStart(loop.getBody());
  setItem(loop.getInductionVar());
  emitLoops(plan.flattened, std::max(firstReduction, plan.flattened));
}

// Splits an item into the indices of the flattened loops; the outermost needs no division.
void LoopEmitter::setItem(Value value) {
  item = value;
  if (plan.contiguous)
    return;
  for (unsigned i = plan.flattened; i-- > 0;) {
    unsigned loop = plan.order[i];
    if (getConstantIntValue(ranges[loop].size) == 1) {
      ivs[loop] = constant(0);
      continue;
    }
    if (i == 0) {
      ivs[loop] = value;
      continue;
    }
    Value size = extent(loop);
    ivs[loop] = arith::RemUIOp::create(builder, loc, value, size);
    value = arith::DivUIOp::create(builder, loc, value, size);
  }
}

void LoopEmitter::emitLoops(unsigned depth, unsigned end) {
  if (depth == end)
    return emitReduction(depth);
  auto loop = scf::ForOp::create(builder, loc, constant(0), extent(plan.order[depth]), constant(1));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  ivs[plan.order[depth]] = loop.getInductionVar();
  emitLoops(depth + 1, end);
}

// Reads the destinations (if the body does), runs the trailing reductions, writes the destinations.
void LoopEmitter::emitReduction(unsigned depth) {
  bool reduces = depth < plan.order.size();
  SmallVector<Value> carried;
  for (OpOperand &init : op.getDpsInitsMutable())
    carried.push_back(reduces || op.payloadUsesValueFromOperand(&init) ? load(init) : Value());
  SmallVector<Value> results = emitReductionLoops(depth, carried);
  for (auto [result, init] : llvm::zip(results, op.getDpsInitsMutable()))
    store(result, init);
}

SmallVector<Value> LoopEmitter::emitReductionLoops(unsigned depth, SmallVector<Value> carried) {
  if (depth == plan.order.size())
    return emitBody(carried);
  auto loop =
      scf::ForOp::create(builder, loc, constant(0), extent(plan.order[depth]), constant(1), carried);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  ivs[plan.order[depth]] = loop.getInductionVar();
  SmallVector<Value> inner(loop.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, emitReductionLoops(depth + 1, inner));
  return SmallVector<Value>(loop.getResults());
}

SmallVector<Value> LoopEmitter::emitBody(ValueRange outs) {
  Block *body = op.getBlock();
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands())
    if (op.payloadUsesValueFromOperand(input))
      mapping.map(op.getMatchingBlockArgument(input), load(*input));
  for (auto [index, out] : llvm::enumerate(outs))
    if (out)
      mapping.map(body->getArgument(op.getNumDpsInputs() + index), out);
  for (Operation &inner : body->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      mapping.map(index.getResult(), ivs[index.getDim()]);
    else
      builder.clone(inner, mapping);
  }
  return llvm::map_to_vector(body->getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}

SmallVector<Value> LoopEmitter::indicesOf(OpOperand &operand) {
  if (plan.contiguous)
    return {item};
  AffineMap map = op.getMatchingIndexingMap(&operand);
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) -> Value {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return ivs[dim.getPosition()];
    AffineMap single = AffineMap::get(map.getNumDims(), 0, expr);
    return affine::AffineApplyOp::create(builder, loc, single, ivs);
  });
}

Value LoopEmitter::load(OpOperand &operand) {
  Value buffer = operand.get();
  if (!isa<MemRefType>(buffer.getType()))
    return buffer;
  Value view = flat.lookup(buffer);
  return memref::LoadOp::create(builder, loc, view ? view : buffer, indicesOf(operand));
}

void LoopEmitter::store(Value value, OpOperand &init) {
  Value view = flat.lookup(init.get());
  memref::StoreOp::create(builder, loc, value, view ? view : init.get(), indicesOf(init));
}

// A sum may be taken in any fixed order, and its products fused into it.
static void relaxReductions(linalg::GenericOp op) {
  auto set = [&](Operation *arithOp, arith::FastMathFlags flags) {
    arithOp->setAttr("fastmath", arith::FastMathFlagsAttr::get(op.getContext(), flags));
  };
  for (auto [arg, yielded] : llvm::zip(op.getRegionOutputArgs(), op.getBlock()->getTerminator()->getOperands())) {
    Operation *combiner = yielded.getDefiningOp();
    if (op.getNumReductionLoops() == 0 || !isa_and_nonnull<arith::AddFOp, arith::MulFOp>(combiner) ||
        !llvm::is_contained(combiner->getOperands(), arg))
      continue;
    set(combiner, arith::FastMathFlags::reassoc | arith::FastMathFlags::contract);
    for (Value operand : combiner->getOperands())
      if (auto product = operand.getDefiningOp<arith::MulFOp>())
        set(product, arith::FastMathFlags::contract);
  }
}

namespace {
struct LinalgToLoops : dlc::cpu::impl::LinalgToLoopsBase<LinalgToLoops> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    unsigned count = func.getNumArguments();
    if (!func.isPrivate() || func.isExternal() || count < 2)
      return;
    Value lo = func.getArgument(count - 2), hi = func.getArgument(count - 1);
    if (!lo.getType().isIndex() || !hi.getType().isIndex())
      return;
    SmallVector<linalg::LinalgOp> ops(func.getOps<linalg::LinalgOp>());
    for (linalg::LinalgOp op : ops) {
      IRRewriter rewriter(op);
      FailureOr<linalg::GenericOp> generic = linalg::generalizeNamedOp(rewriter, op);
      auto work = succeeded(generic) ? *generic : dyn_cast<linalg::GenericOp>(op.getOperation());
      if (!work) {
        op->emitOpError("has no form as loops");
        return signalPassFailure();
      }
      relaxReductions(work);
      LoopEmitter(work, lo, hi).emit();
      work->erase();
    }
  }
};
} // namespace
