//===- LinalgToLoops.cpp - linalg in outlined functions to loops and vectors ---------===//
//
// The nest follows the LoopPlan: the item loop, then the inner loop by vectors, then the
// reductions, whose results stay in registers. If the inner loop is itself a reduction, each lane
// keeps a partial result, and halves are folded at the end; what is left of the extent joins in as
// the vectors narrow. That order depends on extents alone and every operation is strict, so the
// bits do not depend on how items are split over threads.
//
//   linalg.reduce { arith.addf } ins(%x : memref<?x20xf32>) outs(%y : memref<?xf32>) dimensions =
//   [1]
//   ->
//   scf.for %i = %lo to %hi step %c1 {
//     %y0 = memref.load %y[%i] : memref<?xf32>
//     %v = vector.load %x[%i, %c0] : memref<?x20xf32>, vector<16xf32>      // + 0.0 per lane
//     ...                                            // halves: 16 -> 8 -> 4
//     %t = vector.load %x[%i, %c16] : memref<?x20xf32>, vector<4xf32>      // the last 4 join
//     ...                                            // halves: 4 -> 2 -> 1
//     memref.store %sum, %y[%i] : memref<?xf32>
//   }
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/Passes.h"
#include "compiler/loops/LoopPlan.h"
#include "compiler/loops/Payload.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "llvm/Support/MathExtras.h"

namespace dlc::cpu {
#define GEN_PASS_DEF_LINALGTOLOOPS
#include "compiler/cpu/Passes.h.inc"
} // namespace dlc::cpu

using namespace mlir;
using namespace dlc::cpu;
using namespace dlc::loops;

namespace {
class LoopEmitter {
public:
  LoopEmitter(linalg::LinalgOp op, Value lo, Value hi, int64_t lanes)
      : op(op), plan(planLoops(op)), builder(op), loc(op.getLoc()),
        payload(builder, op, plan.inner, plan.contiguous), lo(lo), hi(hi),
        lanes(plan.vector ? lanes : 1), ranges(op.createLoopRanges(builder, loc)),
        extents(op.getStaticLoopRanges()) {}
  void emit();

private:
  void setItem(Value item);
  void emitInner(Value begin, Value end);
  void emitStaticInner();
  void emitInnerLoop(Value begin, Value end, int64_t width);
  void emitPoint(Value iv, int64_t width);
  SmallVector<Value> emitReductions(unsigned depth, SmallVector<Value> carried, int64_t width);
  SmallVector<Value> emitInnerReduction(SmallVector<Value> carried);
  SmallVector<Value> reduceRange(Value begin, Value end, SmallVector<Value> carried, int64_t width);
  SmallVector<Value> fold(ArrayRef<Value> vectors);

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value extent(unsigned loop) {
    return getValueOrCreateConstantIndexOp(builder, loc, ranges[loop].size);
  }
  // The last index that whole vectors reach.
  Value vectorEnd(Value begin, Value end) {
    Value count = arith::SubIOp::create(builder, loc, end, begin);
    Value rest = arith::RemUIOp::create(builder, loc, count, constant(lanes));
    return arith::SubIOp::create(builder, loc, end, rest);
  }

  linalg::LinalgOp op;
  LoopPlan plan;
  OpBuilder builder;
  Location loc;
  Payload payload;
  Value lo, hi;
  int64_t lanes;
  SmallVector<Range> ranges;
  SmallVector<int64_t> extents;
};
} // namespace

void LoopEmitter::emit() {
  if (plan.contiguous)
    payload.flattenBuffers();
  if (plan.innerIsItem())
    return emitInner(lo, hi);
  if (!plan.items.empty()) {
    auto loop = scf::ForOp::create(builder, loc, lo, hi, constant(1));
    builder.setInsertionPointToStart(loop.getBody());
    setItem(loop.getInductionVar());
  }
  if (!plan.inner || plan.innerReduces())
    return emitPoint(Value(), 1);
  if (ShapedType::isDynamic(extents[*plan.inner]))
    return emitInner(constant(0), extent(*plan.inner));
  emitStaticInner();
}

// Splits an item into the indices of its loops; the outermost needs no division.
void LoopEmitter::setItem(Value item) {
  for (unsigned i = plan.items.size(); i-- > 0;) {
    unsigned loop = plan.items[i];
    if (extents[loop] == 1) {
      payload.setIndex(loop, constant(0));
      continue;
    }
    bool outermost = llvm::all_of(ArrayRef(plan.items).take_front(i),
                                  [&](unsigned outer) { return extents[outer] == 1; });
    if (outermost) {
      payload.setIndex(loop, item);
      continue;
    }
    Value size = extent(loop);
    payload.setIndex(loop, arith::RemUIOp::create(builder, loc, item, size));
    item = arith::DivUIOp::create(builder, loc, item, size);
  }
}

//===----------------------------------------------------------------------===//
// A parallel inner loop: vectors of neighbours, each with its own reductions
//===----------------------------------------------------------------------===//

void LoopEmitter::emitInner(Value begin, Value end) {
  if (lanes == 1)
    return emitInnerLoop(begin, end, 1);
  Value middle = vectorEnd(begin, end);
  emitInnerLoop(begin, middle, lanes);
  emitInnerLoop(middle, end, 1);
}

// Known extents end in narrower vectors.
void LoopEmitter::emitStaticInner() {
  int64_t total = extents[*plan.inner], begin = 0;
  for (int64_t width = lanes; width >= 1; width /= 2) {
    int64_t end = total / width * width;
    if (end > begin)
      emitInnerLoop(constant(begin), constant(end), width);
    begin = end;
  }
}

void LoopEmitter::emitInnerLoop(Value begin, Value end, int64_t width) {
  auto loop = scf::ForOp::create(builder, loc, begin, end, constant(width));
  if (width < lanes) {
    // The few elements that vectors left.
    MLIRContext *context = op.getContext();
    BoolAttr yes = builder.getBoolAttr(true);
    auto vectorize = LLVM::LoopVectorizeAttr::get(context, /*disable=*/yes, {}, {}, {}, {}, {}, {});
    auto annotation = LLVM::LoopAnnotationAttr::get(context, {}, vectorize, {}, {}, {}, {}, {}, {},
                                                    {}, {}, {}, {}, {}, {}, {});
    loop->setAttr("llvm.loop_annotation", annotation);
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  emitPoint(loop.getInductionVar(), width);
}

// Reads the destinations (if anything does), runs the reductions, writes the destinations.
void LoopEmitter::emitPoint(Value iv, int64_t width) {
  if (plan.contiguous)
    payload.setElement(iv);
  else if (iv)
    payload.setIndex(*plan.inner, iv);
  SmallVector<Value> carried;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    bool reads = !plan.reductions.empty() || op.payloadUsesValueFromOperand(&init);
    carried.push_back(reads ? payload.load(init, width) : Value());
  }
  SmallVector<Value> results = emitReductions(0, carried, width);
  for (auto [result, init] : llvm::zip(results, op.getDpsInitsMutable()))
    payload.store(result, init, width);
}

SmallVector<Value> LoopEmitter::emitReductions(unsigned depth, SmallVector<Value> carried,
                                               int64_t width) {
  if (depth == plan.reductions.size())
    return payload.emit(carried, width);
  if (depth + 1 == plan.reductions.size() && plan.innerReduces() && lanes > 1)
    return emitInnerReduction(carried);
  unsigned reduction = plan.reductions[depth];
  auto loop =
      scf::ForOp::create(builder, loc, constant(0), extent(reduction), constant(1), carried);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  payload.setIndex(reduction, loop.getInductionVar());
  SmallVector<Value> inner(loop.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, emitReductions(depth + 1, inner, width));
  return SmallVector<Value>(loop.getResults());
}

//===----------------------------------------------------------------------===//
// An inner reduction: one partial result a lane
//===----------------------------------------------------------------------===//

SmallVector<Value> LoopEmitter::emitInnerReduction(SmallVector<Value> carried) {
  unsigned inner = *plan.inner;
  bool fixed = !ShapedType::isDynamic(extents[inner]);
  int64_t width = lanes, total = extents[inner];
  while (fixed && width > total)
    width /= 2;
  if (width <= 1)
    return reduceRange(constant(0), extent(inner), carried, 1);
  SmallVector<Value> partial;
  for (unsigned index = 0; index < carried.size(); ++index)
    partial.push_back(payload.neutral(index, width));
  Value end = fixed ? constant(total / width * width) : vectorEnd(constant(0), extent(inner));
  partial = reduceRange(constant(0), end, partial, width);
  for (; width > 1; width /= 2) {
    partial = fold(partial);
    int64_t narrow = width / 2;
    if (!fixed || !(total & narrow))
      continue;
    payload.setIndex(inner, constant(total / width * width));
    partial = payload.emit(partial, narrow);
  }
  for (auto [index, value] : llvm::enumerate(carried))
    value = payload.combine(index, value, partial[index]);
  return fixed ? carried : reduceRange(end, extent(inner), carried, 1);
}

SmallVector<Value> LoopEmitter::reduceRange(Value begin, Value end, SmallVector<Value> carried,
                                            int64_t width) {
  auto loop = scf::ForOp::create(builder, loc, begin, end, constant(width), carried);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  payload.setIndex(*plan.inner, loop.getInductionVar());
  SmallVector<Value> args(loop.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, payload.emit(args, width));
  return SmallVector<Value>(loop.getResults());
}

SmallVector<Value> LoopEmitter::fold(ArrayRef<Value> vectors) {
  SmallVector<Value> folded;
  for (auto [index, vector] : llvm::enumerate(vectors))
    folded.push_back(
        payload.combine(index, payload.half(vector, false), payload.half(vector, true)));
  return folded;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct LinalgToLoops : dlc::cpu::impl::LinalgToLoopsBase<LinalgToLoops> {
  using LinalgToLoopsBase::LinalgToLoopsBase;

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
      makeStrict(work);
      LoopEmitter(work, lo, hi, lanes).emit();
      work->erase();
    }
  }
};
} // namespace
