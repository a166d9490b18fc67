//===- LinalgToThreads.cpp - linalg in kernels becomes what one thread computes -------===//
//
// Obeys the ThreadPlan. Where threads work alone, each finds its point from the numbers of its
// block and itself, runs the reductions as loops and stores; four neighbours by vectors where
// memory allows it.
//
//   linalg.exp ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xf32>)
//   ->
//   %b = gpu.block_id x
//   %t = gpu.thread_id x
//   %i = affine.apply (d0, d1) -> (d0 * 256 + d1)(%b, %t)
//   %inside = arith.cmpi ult, %i, %quads : index
//   scf.if %inside {
//     %e = affine.apply (d0) -> (d0 * 4)(%i)
//     %v = vector.load %flat_x[%e] {alignment = 16} : memref<?xf32>, vector<4xf32>
//     %r = math.exp %v
//     vector.store %r, %flat_y[%e] {alignment = 16} : memref<?xf32>, vector<4xf32>
//   }
//
// Where L lanes share a point, lane l adds up elements l, l + L, ... of the reduction, and a tree
// folds the lanes: through shared memory, and by shuffles inside a warp.
//
//   %p = scf.if %inside -> f32 { scf.for %r = %lane to %length step %c256 iter_args(...) }
//   memref.store %p, %parts[%t]
//   gpu.barrier
//   ...                                     // lane l takes lane l + 128's, + 64's, + 32's part
//   %q, %valid = gpu.shuffle down %p, %c16, %c32 : f32                 // 16, 8, 4, 2, 1
//   scf.if %first { memref.store %sum, %y[%i] }
//
// The steps of a kernel.steps are done one after the other at each point. What one of them writes
// the next ones take from registers; it is stored by the last that writes it, if it is no alloca's.
// Where steps go along rows, lane l of a row does elements l, l + L, ... in each of them and so
// reads what it wrote itself; a row's sum comes to all lanes by shuffles, between warps through
// shared memory.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cuda/Passes.h"
#include "compiler/cuda/ThreadPlan.h"
#include "compiler/loops/Payload.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include <deque>

namespace dlc::cuda {
#define GEN_PASS_DEF_LINALGTOTHREADS
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

static constexpr int64_t kWarp = 32;
// Half of the threads that a multiprocessor holds hide its memory's latency as a rule; they leave
// 64 registers to each. A thread that goes through windows alone keeps their places in 80.
static constexpr int64_t kThreadsPerMultiprocessor = 1024, kThreadsWithWindows = 768;

namespace {
struct Step {
  linalg::GenericOp op;
  loops::Payload payload;
};

class ThreadEmitter {
public:
  ThreadEmitter(gpu::GPUFuncOp func, OpBuilder builder, ArrayRef<linalg::LinalgOp> ops)
      : func(func), plan(*planThreads(ops)), builder(builder), loc(ops[plan.lead]->getLoc()),
        lead(ops[plan.lead]), ranges(lead.createLoopRanges(this->builder, loc)) {
    for (linalg::LinalgOp op : ops)
      addStep(op);
  }
  void emit();

private:
  void addStep(linalg::LinalgOp op);
  // Where the thread stands: its group of points, its lane in the block and its number.
  void findThread();
  void setPoint();
  void emitSteps(ArrayRef<Value> parts);
  SmallVector<Value> emitStep(Step &step);
  void finishStep(Step &step, ValueRange results);
  void emitShared();
  SmallVector<Value> emitLoops(unsigned depth, ValueRange carried);
  SmallVector<Value> emitPart();
  SmallVector<Value> foldThroughMemory(SmallVector<Value> parts);
  void foldHalf(ArrayRef<Value> memory, int64_t distance);
  SmallVector<Value> foldInWarp(SmallVector<Value> parts);
  SmallVector<Value> addBefore(Step &step, ValueRange sums);
  void emitRows();
  void emitRowStep(Step &step);
  void emitElements(Step &step);
  SmallVector<Value> reduceRow(Step &step);
  Value foldRow(Step &step, unsigned index, Value part);
  scf::ForOp walkRow(Step &step, ValueRange carried);

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value apply(AffineExpr expr, ArrayRef<OpFoldResult> operands) {
    return getValueOrCreateConstantIndexOp(
        builder, loc, affine::makeComposedFoldedAffineApply(builder, loc, expr, operands));
  }
  Value product(ArrayRef<unsigned> loops, int64_t divisor);
  Value isBelow(Value a, Value b) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, a, b);
  }
  SmallVector<std::pair<unsigned, Value>> findLoops(ArrayRef<unsigned> loops, Value number,
                                                    int64_t width);
  Step &leader() { return steps[plan.lead]; }

  gpu::GPUFuncOp func;
  ThreadPlan plan;
  OpBuilder builder;
  Location loc;
  linalg::LinalgOp lead;
  SmallVector<Range> ranges;
  std::deque<Step> steps;
  DenseMap<Value, linalg::GenericOp> writers; // the last one of each buffer
  DenseMap<Value, Value> known;
  Value thread, group, lane;
};
} // namespace

void ThreadEmitter::addStep(linalg::LinalgOp op) {
  auto generic = cast<linalg::GenericOp>(op.getOperation());
  std::optional<unsigned> inner;
  if (!plan.points.empty())
    inner = loopOfStep(lead, op, plan.points.back());
  steps.push_back(
      {generic, loops::Payload(builder, generic, inner, plan.contiguous, /*aligned=*/true)});
  steps.back().payload.setKnown(&known);
  for (Value init : op.getDpsInits())
    writers[init] = generic;
}

// The number of elements of some loops, in groups of `divisor`.
Value ThreadEmitter::product(ArrayRef<unsigned> loops, int64_t divisor) {
  AffineExpr expr = builder.getAffineConstantExpr(1);
  SmallVector<OpFoldResult> extents;
  for (unsigned loop : loops) {
    expr = expr * builder.getAffineSymbolExpr(extents.size());
    extents.push_back(ranges[loop].size);
  }
  return apply(expr.floorDiv(divisor), extents);
}

// Splits a number into the indices of loops; the outermost needs no division.
SmallVector<std::pair<unsigned, Value>> ThreadEmitter::findLoops(ArrayRef<unsigned> loops,
                                                                 Value number, int64_t width) {
  SmallVector<int64_t> extents = lead.getStaticLoopRanges();
  SmallVector<std::pair<unsigned, Value>> indices;
  for (unsigned i = loops.size(); i-- > 0;) {
    unsigned loop = loops[i];
    int64_t step = i + 1 == loops.size() ? width : 1;
    Value index = number;
    if (extents[loop] == step) {
      index = constant(0);
    } else if (llvm::any_of(loops.take_front(i),
                            [&](unsigned outer) { return extents[outer] != 1; })) {
      Value extent = product(loop, step);
      index = arith::RemUIOp::create(builder, loc, number, extent);
      number = arith::DivUIOp::create(builder, loc, number, extent);
    }
    if (step > 1)
      index = apply(builder.getAffineDimExpr(0) * step, {index});
    indices.emplace_back(loop, index);
  }
  return indices;
}

void ThreadEmitter::findThread() {
  thread = gpu::ThreadIdOp::create(builder, loc, gpu::Dimension::x);
  Value block = gpu::BlockIdOp::create(builder, loc, gpu::Dimension::x);
  int64_t groups = plan.threads / plan.lanes;
  AffineExpr b = builder.getAffineDimExpr(0), t = builder.getAffineDimExpr(1);
  AffineExpr member = plan.across ? t % groups : t.floorDiv(plan.lanes);
  group = apply(b * groups + member, {block, thread});
  lane = apply(plan.across ? builder.getAffineDimExpr(0).floorDiv(groups)
                           : builder.getAffineDimExpr(0) % plan.lanes,
               {thread});
}

void ThreadEmitter::emit() {
  bool isAlone = plan.lanes == 1 && plan.reductions.size() > 1;
  int64_t threads = isAlone ? kThreadsWithWindows : kThreadsPerMultiprocessor;
  func->setAttr("nvvm.minctasm", builder.getI32IntegerAttr(threads / plan.threads));
  findThread();
  Value inside = isBelow(group, product(plan.points, plan.width));
  if (plan.rows)
    return emitRows();
  if (plan.lanes > 1)
    return emitShared();
  auto branch = scf::IfOp::create(builder, loc, inside);
  builder.setInsertionPointToStart(branch.thenBlock());
  emitSteps({});
}

//===----------------------------------------------------------------------===//
// What a thread does for its points
//===----------------------------------------------------------------------===//

void ThreadEmitter::setPoint() {
  if (!plan.contiguous) {
    for (auto [loop, index] : findLoops(plan.points, group, plan.width))
      for (Step &step : steps)
        step.payload.setIndex(loopOfStep(lead, step.op, loop), index);
    return;
  }
  Value element = apply(builder.getAffineDimExpr(0) * plan.width, {group});
  for (Step &step : steps) {
    step.payload.flattenBuffers();
    step.payload.setElement(element);
  }
}

// `parts`: what the lanes have reduced; empty where the thread is alone.
void ThreadEmitter::emitSteps(ArrayRef<Value> parts) {
  setPoint();
  for (Step &step : steps)
    finishStep(step,
               !parts.empty() && &step == &leader() ? addBefore(step, parts) : emitStep(step));
}

SmallVector<Value> ThreadEmitter::emitStep(Step &step) {
  SmallVector<Value> carried;
  bool reduces = step.op.getNumReductionLoops() != 0;
  for (OpOperand &out : step.op.getDpsInitsMutable()) {
    carried.push_back({});
    if (reduces || step.op.payloadUsesValueFromOperand(&out))
      carried.back() = step.payload.splat(step.payload.load(out, plan.width),
                                          getElementTypeOrSelf(out.get()), plan.width);
  }
  return reduces ? emitLoops(0, carried) : step.payload.emit(carried, plan.width);
}

void ThreadEmitter::finishStep(Step &step, ValueRange results) {
  for (auto [index, result] : llvm::enumerate(results)) {
    OpOperand &init = *step.op.getDpsInitOperand(index);
    known[init.get()] = result;
    if (writers.lookup(init.get()) == step.op && !init.get().getDefiningOp<memref::AllocaOp>())
      step.payload.store(result, init, plan.width);
  }
}

SmallVector<Value> ThreadEmitter::emitLoops(unsigned depth, ValueRange carried) {
  if (depth == plan.reductions.size())
    return leader().payload.emit(carried, plan.width);
  unsigned reduction = plan.reductions[depth];
  Value extent = getValueOrCreateConstantIndexOp(builder, loc, ranges[reduction].size);
  auto loop = scf::ForOp::create(builder, loc, constant(0), extent, constant(1), carried);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  leader().payload.setIndex(reduction, loop.getInductionVar());
  scf::YieldOp::create(builder, loc, emitLoops(depth + 1, loop.getRegionIterArgs()));
  return SmallVector<Value>(loop.getResults());
}

//===----------------------------------------------------------------------===//
// Lanes that share reductions
//===----------------------------------------------------------------------===//

void ThreadEmitter::emitShared() {
  SmallVector<Value> parts = emitPart();
  if (plan.across || plan.lanes > kWarp)
    parts = foldThroughMemory(parts);
  if (!plan.across)
    parts = foldInWarp(parts);
  Value inside = isBelow(group, product(plan.points, plan.width));
  Value first = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lane, constant(0));
  Value stores = arith::AndIOp::create(builder, loc, inside, first);
  auto branch = scf::IfOp::create(builder, loc, stores);
  builder.setInsertionPointToStart(branch.thenBlock());
  emitSteps(parts);
}

// The lane's part of each reduction; threads past the last point have nothing to add.
SmallVector<Value> ThreadEmitter::emitPart() {
  SmallVector<Value> neutral;
  for (unsigned index = 0; index < leader().op.getNumDpsInits(); ++index)
    neutral.push_back(leader().payload.neutral(index, plan.width));
  Value inside = isBelow(group, product(plan.points, plan.width));
  auto branch = scf::IfOp::create(builder, loc, ValueRange(neutral).getTypes(), inside,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, loc, neutral);
  builder.setInsertionPointToStart(branch.thenBlock());
  setPoint();
  auto loop = scf::ForOp::create(builder, loc, lane, product(plan.reductions, 1),
                                 constant(plan.lanes), neutral);
  scf::YieldOp::create(builder, loc, loop.getResults());
  builder.setInsertionPointToStart(loop.getBody());
  for (auto [reduction, index] : findLoops(plan.reductions, loop.getInductionVar(), 1))
    leader().payload.setIndex(reduction, index);
  scf::YieldOp::create(builder, loc, leader().payload.emit(loop.getRegionIterArgs(), plan.width));
  return SmallVector<Value>(branch.getResults());
}

// The thread adds to its own part that of the thread `distance` further on.
void ThreadEmitter::foldHalf(ArrayRef<Value> memory, int64_t distance) {
  Value other = apply(builder.getAffineDimExpr(0) + distance, {thread});
  for (auto [index, buffer] : llvm::enumerate(memory)) {
    Value mine = memref::LoadOp::create(builder, loc, buffer, thread);
    Value theirs = memref::LoadOp::create(builder, loc, buffer, other);
    memref::StoreOp::create(builder, loc, leader().payload.combine(index, mine, theirs), buffer,
                            thread);
  }
}

// Halves the lanes, down to one, or to those of a warp, whose parts all its threads then hold.
SmallVector<Value> ThreadEmitter::foldThroughMemory(SmallVector<Value> parts) {
  auto space = gpu::AddressSpaceAttr::get(func.getContext(), gpu::AddressSpace::Workgroup);
  SmallVector<Value> memory;
  for (Value part : parts) {
    auto type = MemRefType::get({plan.threads}, part.getType(), MemRefLayoutAttrInterface(), space);
    memory.push_back(func.addWorkgroupAttribution(type, loc));
    memref::StoreOp::create(builder, loc, part, memory.back(), thread);
  }
  int64_t step = plan.across ? plan.threads / plan.lanes : 1;
  for (int64_t half = plan.lanes / 2; half >= (plan.across ? 1 : kWarp); half /= 2) {
    gpu::BarrierOp::create(builder, loc);
    auto branch = scf::IfOp::create(builder, loc, isBelow(lane, constant(half)));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    foldHalf(memory, half * step);
  }
  return llvm::map_to_vector(memory, [&](Value buffer) -> Value {
    return memref::LoadOp::create(builder, loc, buffer, thread);
  });
}

SmallVector<Value> ThreadEmitter::foldInWarp(SmallVector<Value> parts) {
  for (int32_t half = kWarp / 2; half >= 1; half /= 2)
    for (auto [index, part] : llvm::enumerate(parts)) {
      auto shuffle = gpu::ShuffleOp::create(builder, loc, part, half, static_cast<int32_t>(kWarp),
                                            gpu::ShuffleMode::DOWN);
      part = leader().payload.combine(index, part, shuffle.getShuffleResult());
    }
  return parts;
}

// The sums, with what the destinations held before.
SmallVector<Value> ThreadEmitter::addBefore(Step &step, ValueRange sums) {
  SmallVector<Value> all;
  for (auto [index, sum] : llvm::enumerate(sums)) {
    OpOperand &init = *step.op.getDpsInitOperand(index);
    Value before = step.payload.splat(step.payload.load(init, plan.width),
                                      getElementTypeOrSelf(init.get()), plan.width);
    all.push_back(step.payload.combine(index, before, sum));
  }
  return all;
}

//===----------------------------------------------------------------------===//
// Steps along rows
//===----------------------------------------------------------------------===//

void ThreadEmitter::emitRows() {
  // A block's row is always there; warps may be too many.
  if (plan.lanes == kWarp) {
    auto branch = scf::IfOp::create(builder, loc, isBelow(group, product(plan.points, 1)));
    builder.setInsertionPointToStart(branch.thenBlock());
  }
  for (auto [loop, index] : findLoops(plan.points, group, 1))
    for (Step &step : steps)
      step.payload.setIndex(loop, index);
  for (Step &step : steps)
    emitRowStep(step);
}

void ThreadEmitter::emitRowStep(Step &step) {
  bool reduces = step.op.getNumReductionLoops() != 0;
  if (!reduces && step.op.getNumLoops() != plan.points.size())
    return emitElements(step);
  SmallVector<Value> results = reduces ? reduceRow(step) : emitStep(step);
  Value first = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lane, constant(0));
  for (auto [index, result] : llvm::enumerate(results)) {
    OpOperand &init = *step.op.getDpsInitOperand(index);
    known[init.get()] = result;
    if (writers.lookup(init.get()) != step.op || init.get().getDefiningOp<memref::AllocaOp>())
      continue;
    auto branch = scf::IfOp::create(builder, loc, first);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    step.payload.store(result, init, 1);
  }
}

// The lane's elements of the row; leaves the builder where an element is at hand.
scf::ForOp ThreadEmitter::walkRow(Step &step, ValueRange carried) {
  unsigned rows = plan.points.size();
  SmallVector<int64_t> extents = step.op.getStaticLoopRanges();
  int64_t length = ShapedType::getNumElements(ArrayRef(extents).drop_front(rows));
  auto loop =
      scf::ForOp::create(builder, loc, lane, constant(length), constant(plan.lanes), carried);
  builder.setInsertionPointToStart(loop.getBody());
  Value number = loop.getInductionVar();
  for (unsigned inner = extents.size(); inner-- > rows;) {
    Value index = number;
    if (inner > rows) {
      index = arith::RemUIOp::create(builder, loc, number, constant(extents[inner]));
      number = arith::DivUIOp::create(builder, loc, number, constant(extents[inner]));
    }
    step.payload.setIndex(inner, index);
  }
  return loop;
}

void ThreadEmitter::emitElements(Step &step) {
  OpBuilder::InsertionGuard guard(builder);
  walkRow(step, {});
  for (auto [index, result] : llvm::enumerate(emitStep(step)))
    step.payload.store(result, *step.op.getDpsInitOperand(index), 1);
}

SmallVector<Value> ThreadEmitter::reduceRow(Step &step) {
  SmallVector<Value> neutral;
  for (unsigned index = 0; index < step.op.getNumDpsInits(); ++index)
    neutral.push_back(step.payload.neutral(index, 1));
  OpBuilder::InsertPoint behind = builder.saveInsertionPoint();
  scf::ForOp loop = walkRow(step, neutral);
  scf::YieldOp::create(builder, loc, step.payload.emit(loop.getRegionIterArgs(), 1));
  builder.restoreInsertionPoint(behind);
  SmallVector<Value> sums;
  for (auto [index, part] : llvm::enumerate(loop.getResults()))
    sums.push_back(foldRow(step, index, part));
  return addBefore(step, sums);
}

// What all lanes of a row have, for each of them.
Value ThreadEmitter::foldRow(Step &step, unsigned index, Value part) {
  for (int32_t distance = 1; distance < kWarp; distance *= 2) {
    auto shuffle = gpu::ShuffleOp::create(builder, loc, part, distance, static_cast<int32_t>(kWarp),
                                          gpu::ShuffleMode::XOR);
    part = step.payload.combine(index, part, shuffle.getShuffleResult());
  }
  if (plan.lanes == kWarp)
    return part;
  int64_t warps = plan.lanes / kWarp;
  auto space = gpu::AddressSpaceAttr::get(func.getContext(), gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get({warps}, part.getType(), MemRefLayoutAttrInterface(), space);
  Value memory = func.addWorkgroupAttribution(type, loc);
  AffineExpr t = builder.getAffineDimExpr(0);
  Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        apply(t % kWarp, {thread}), constant(0));
  Value warp = apply(t.floorDiv(kWarp), {thread});
  auto branch = scf::IfOp::create(builder, loc, isFirst);
  OpBuilder inner = branch.getThenBodyBuilder();
  memref::StoreOp::create(inner, loc, part, memory, warp);
  gpu::BarrierOp::create(builder, loc);
  Value sum = memref::LoadOp::create(builder, loc, memory, constant(0));
  for (int64_t other = 1; other < warps; ++other) {
    Value theirs = memref::LoadOp::create(builder, loc, memory, constant(other));
    sum = step.payload.combine(index, sum, theirs);
  }
  return sum;
}

// The op in the form whose payload can be emitted; null where it has none.
static linalg::LinalgOp prepare(linalg::LinalgOp op) {
  IRRewriter rewriter(op);
  FailureOr<linalg::GenericOp> generic = linalg::generalizeNamedOp(rewriter, op);
  auto work = succeeded(generic) ? *generic : dyn_cast<linalg::GenericOp>(op.getOperation());
  if (work)
    loops::makeStrict(work);
  return work ? cast<linalg::LinalgOp>(work.getOperation()) : linalg::LinalgOp();
}

namespace {
struct LinalgToThreads : dlc::cuda::impl::LinalgToThreadsBase<LinalgToThreads> {
  void runOnOperation() override {
    for (Operation &op : llvm::make_early_inc_range(getOperation().getBody().front()))
      if (isa<linalg::LinalgOp, kernel::StepsOp>(op) && failed(lower(&op)))
        return signalPassFailure();
  }

  LogicalResult lower(Operation *work) {
    SmallVector<linalg::LinalgOp> found, ops;
    work->walk([&](linalg::LinalgOp op) { found.push_back(op); });
    OpBuilder builder(work);
    for (linalg::LinalgOp op : found) {
      bool isWork = op == work;
      linalg::LinalgOp form = prepare(op);
      if (!form)
        return op->emitOpError("has no form as threads");
      ops.push_back(form);
      if (isWork)
        builder.setInsertionPoint(work = form);
    }
    if (!planThreads(ops))
      return work->emitOpError("has steps of different points");
    ThreadEmitter(getOperation(), builder, ops).emit();
    work->erase();
    return success();
  }
};
} // namespace
