//===- ThreadPlan.cpp - which thread computes what of linalg ops --------------------===//

#include "compiler/cuda/ThreadPlan.h"
#include "compiler/loops/LoopPlan.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

// Points of a sample that keep a GPU busy with a thread each; with fewer, threads share reductions.
static constexpr int64_t kManyPoints = 16384;
// Shorter reductions are not worth a tree: those that one thread would walk side by side with its
// neighbours, and those whose rows it would walk alone, each access far from its neighbours'.
static constexpr int64_t kLongAcross = 128, kLongRow = 32;
// Longer ones take a whole block.
static constexpr int64_t kVeryLongReduction = 512;
// Rows up to here have a warp each, and all of these lanes walk the row together; longer ones have
// a block; those past the last limit have more to gain from many blocks.
static constexpr int64_t kRowOfWarp = 1024, kLongestRow = 4096;
static constexpr int64_t kWarp = 32;
// Elements of a vector: 16 bytes of float32, of bfloat16 where some of that is read or written.
static constexpr int64_t kWidth = 4, kNarrowWidth = 8;

// Elements of the loops in one sample; `open` stands for an extent that is not known.
static int64_t countElements(linalg::LinalgOp op, ArrayRef<unsigned> loops, int64_t open) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  int64_t count = 1;
  for (unsigned loop : loops)
    count *= ShapedType::isDynamic(extents[loop]) ? open : extents[loop];
  return count;
}

static bool isDivisible(int64_t value, int64_t width) {
  return !ShapedType::isDynamic(value) && value % width == 0;
}

// Vectors of the operand lie at multiples of their size, given that its buffer does.
static bool isAligned(linalg::LinalgOp op, OpOperand &operand, unsigned inner, int64_t width) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (!type || !map.isFunctionOfDim(inner))
    return true;
  auto [strides, offset] = type.getStridesAndOffset();
  if (!isDivisible(offset, width) ||
      map.getResults().back() != getAffineDimExpr(inner, op.getContext()))
    return false;
  // Each dimension but the last is a whole number of vectors.
  return llvm::all_of(ArrayRef(strides).drop_back(),
                      [&](int64_t stride) { return isDivisible(stride, width); });
}

static bool anyElement(linalg::LinalgOp op, llvm::function_ref<bool(int64_t bits)> test) {
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    return type && test(type.getElementTypeBitWidth());
  });
}

// Whether a thread may compute `width` neighbours along `inner` by vectors.
static bool takesVectors(linalg::LinalgOp op, unsigned inner, bool contiguous, int64_t width) {
  if (op.hasIndexSemantics() || !loops::hasVectorPayload(op) ||
      anyElement(op, [](int64_t bits) { return bits > 32; }))
    return false;
  if (contiguous)
    return countElements(op, llvm::to_vector(llvm::seq(op.getNumLoops())), 1) % width == 0;
  return isDivisible(op.getStaticLoopRanges()[inner], width) &&
         llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
           return loops::hasVectorAccess(op, operand, inner) &&
                  isAligned(op, operand, inner, width);
         });
}

static bool canSplitReductions(linalg::LinalgOp op) {
  return llvm::all_of(llvm::seq<unsigned>(0, op.getNumDpsInits()),
                      [&](unsigned index) { return loops::getCombiner(op, index) != nullptr; });
}

static void chooseLanes(linalg::LinalgOp op, ThreadPlan &plan) {
  int64_t length = countElements(op, plan.reductions, kVeryLongReduction);
  unsigned inner = loops::chooseInner(op, llvm::to_vector(llvm::seq(op.getNumLoops())));
  bool across = llvm::is_contained(plan.points, inner);
  if (length < (across ? kLongAcross : kLongRow) ||
      countElements(op, plan.points, 1) >= kManyPoints || !canSplitReductions(op))
    return;
  bool isVeryLong = length >= kVeryLongReduction;
  plan.across = across;
  plan.threads = across && isVeryLong ? 512 : 256;
  plan.lanes = isVeryLong ? plan.threads : kWarp;
  if (across)
    return;
  // The reduction with unit strides runs fastest.
  llvm::erase(plan.reductions, inner);
  plan.reductions.push_back(inner);
}

// All but what the other steps have a say in: vectors.
static ThreadPlan planLead(linalg::LinalgOp op, bool contiguous) {
  ThreadPlan plan;
  plan.contiguous = contiguous;
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
    (iterator == utils::IteratorType::parallel ? plan.points : plan.reductions).push_back(loop);
  if (!plan.contiguous && !plan.points.empty()) {
    unsigned inner = loops::chooseInner(op, plan.points);
    llvm::erase(plan.points, inner);
    plan.points.push_back(inner);
  }
  if (!plan.reductions.empty())
    chooseLanes(op, plan);
  return plan;
}

static void chooseWidth(ArrayRef<linalg::LinalgOp> ops, ThreadPlan &plan) {
  linalg::LinalgOp lead = ops[plan.lead];
  bool leavesFew = !plan.reductions.empty() && countElements(lead, plan.points, 1) < kManyPoints;
  bool mayWiden = !plan.points.empty() && (plan.lanes == 1 ? !leavesFew : plan.across);
  auto fits = [&](int64_t width) {
    return llvm::all_of(ops, [&](linalg::LinalgOp op) {
      return takesVectors(op, loopOfStep(lead, op, plan.points.back()), plan.contiguous, width);
    });
  };
  auto isNarrow = [](linalg::LinalgOp op) {
    return anyElement(op, [](int64_t bits) { return bits == 16; });
  };
  if (mayWiden && plan.lanes == 1 && llvm::any_of(ops, isNarrow) && fits(kNarrowWidth))
    plan.width = kNarrowWidth;
  else if (mayWiden && fits(kWidth))
    plan.width = kWidth;
  // Neighbours of 32 points either way: they are 128 bytes of float32.
  if (plan.across)
    plan.lanes = plan.threads * plan.width / kWarp;
}

ThreadPlan cuda::planThreads(linalg::LinalgOp op) {
  ThreadPlan plan = planLead(op, loops::isContiguous(op));
  chooseWidth(op, plan);
  return plan;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

static SmallVector<unsigned> parallelLoops(linalg::LinalgOp op) {
  SmallVector<unsigned> loops;
  op.getParallelDims(loops);
  return loops;
}

unsigned cuda::loopOfStep(linalg::LinalgOp lead, linalg::LinalgOp step, unsigned loop) {
  if (step == lead)
    return loop;
  return llvm::count_if(parallelLoops(lead), [&](unsigned other) { return other < loop; });
}

// The buffer that a value is, or is a part of; places in the arena are buffers.
static Value rootOf(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>()) {
    if (isa<memref::ViewOp>(view))
      break;
    value = view.getViewSource();
  }
  return value;
}

// The operand's element at a point is at the point's own place.
static bool isAtPoint(linalg::LinalgOp op, OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  SmallVector<unsigned> points = parallelLoops(op);
  return map.getNumResults() == points.size() &&
         llvm::all_of(llvm::zip_equal(map.getResults(), points), [&](auto pair) {
           return std::get<0>(pair) == getAffineDimExpr(std::get<1>(pair), op.getContext());
         });
}

// What steps write has one name only. `accepts`: whether an operand of that name is all right.
static bool keepsToNames(ArrayRef<linalg::LinalgOp> ops,
                         function_ref<bool(linalg::LinalgOp, OpOperand &)> accepts) {
  DenseMap<Value, Value> written;
  for (linalg::LinalgOp op : ops)
    for (Value init : op.getDpsInits())
      if (!written.try_emplace(rootOf(init), init).second && written[rootOf(init)] != init)
        return false;
  for (linalg::LinalgOp op : ops)
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<MemRefType>(operand.get().getType()))
        continue;
      Value init = written.lookup(rootOf(operand.get()));
      if (init && (init != operand.get() || !accepts(op, operand)))
        return false;
    }
  return true;
}

// What a step writes the others read and write at the same point only; a reduction, which is done
// before all but fills, does not read it.
static bool keepsToPoints(ArrayRef<linalg::LinalgOp> ops) {
  return keepsToNames(ops, [](linalg::LinalgOp op, OpOperand &operand) {
    return isAtPoint(op, operand) && !(op.getNumReductionLoops() && op.isDpsInput(&operand));
  });
}

static bool havePoints(linalg::LinalgOp lead, linalg::LinalgOp op) {
  auto extents = [](linalg::LinalgOp op) {
    SmallVector<int64_t> all = op.getStaticLoopRanges();
    return llvm::map_to_vector(parallelLoops(op), [&](unsigned loop) { return all[loop]; });
  };
  return extents(lead) == extents(op);
}

// Fills its destinations, named or not.
static bool readsNothing(linalg::LinalgOp op) {
  return llvm::none_of(op->getOpOperands(), [&](OpOperand &operand) {
    return isa<MemRefType>(operand.get().getType()) && op.payloadUsesValueFromOperand(&operand);
  });
}

static std::optional<ThreadPlan> planPoints(ArrayRef<linalg::LinalgOp> ops) {
  unsigned first = 0;
  auto reduces = [](linalg::LinalgOp op) { return op.getNumReductionLoops() != 0; };
  if (const auto *found = llvm::find_if(ops, reduces); found != ops.end()) {
    first = found - ops.begin();
    if (llvm::any_of(ops.drop_front(first + 1), reduces))
      return std::nullopt;
  }
  linalg::LinalgOp lead = ops[first];
  for (linalg::LinalgOp op : ops)
    if (!havePoints(lead, op))
      return std::nullopt;
  if (!llvm::all_of(ops.take_front(first), readsNothing) || !keepsToPoints(ops))
    return std::nullopt;
  ThreadPlan plan = planLead(lead, llvm::all_of(ops, loops::isContiguous));
  plan.lead = first;
  chooseWidth(ops, plan);
  return plan;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

// The number of a row's elements that a step walks; none where its outermost loops are not `rows`
// of the given extents, or the others are not all alike.
static std::optional<int64_t> rowLength(linalg::LinalgOp op, ArrayRef<int64_t> rows) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  if (!ArrayRef(extents).take_front(rows.size()).equals(rows))
    return std::nullopt;
  int64_t length = 1;
  for (unsigned loop = 0; loop < extents.size(); ++loop) {
    bool isParallel = iterators[loop] == utils::IteratorType::parallel;
    if (loop < rows.size()
            ? !isParallel
            : iterators[loop] != iterators.back() || ShapedType::isDynamic(extents[loop]))
      return std::nullopt;
    length *= loop < rows.size() ? 1 : extents[loop];
  }
  return length;
}

// An element of the row for the row's own number, or the element itself.
static bool isInRow(linalg::LinalgOp op, OpOperand &operand, unsigned rows) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  bool ofRow = map.getNumResults() == rows &&
               (op.isDpsInput(&operand) || op.getNumLoops() == rows || op.getNumReductionLoops());
  AffineMap identity = AffineMap::getMultiDimIdentityMap(op.getNumLoops(), op.getContext());
  return map == (ofRow ? identity.getMajorSubMap(rows) : identity);
}

// Lanes do not wait for one another, so none may write what others have yet to read: a number of a
// row is written before it is read.
static bool writesFirst(ArrayRef<linalg::LinalgOp> ops, unsigned rows) {
  DenseSet<Value> later, written;
  for (linalg::LinalgOp op : ops)
    later.insert_range(op.getDpsInits());
  for (linalg::LinalgOp op : ops) {
    for (OpOperand &operand : op->getOpOperands())
      if (later.contains(operand.get()) && !written.contains(operand.get()) &&
          op.getMatchingIndexingMap(&operand).getNumResults() == rows &&
          op.payloadUsesValueFromOperand(&operand))
        return false;
    written.insert_range(op.getDpsInits());
  }
  return true;
}

static std::optional<ThreadPlan> planRows(ArrayRef<linalg::LinalgOp> ops) {
  const auto *lead =
      llvm::find_if(ops, [](linalg::LinalgOp op) { return op.getNumReductionLoops() != 0; });
  if (lead == ops.end())
    return std::nullopt;
  linalg::LinalgOp leader = *lead;
  unsigned rows = leader.getNumParallelLoops();
  if (rows == 0)
    return std::nullopt;
  SmallVector<int64_t> extents = leader.getStaticLoopRanges();
  extents.truncate(rows);
  int64_t longest = 1;
  for (linalg::LinalgOp op : ops) {
    std::optional<int64_t> length = rowLength(op, extents);
    if (!length || (op.getNumReductionLoops() && !canSplitReductions(op)))
      return std::nullopt;
    longest = std::max(longest, *length);
  }
  auto accepts = [&](linalg::LinalgOp op, OpOperand &operand) {
    return isInRow(op, operand, rows);
  };
  if (longest > kLongestRow || !keepsToNames(ops, accepts) || !writesFirst(ops, rows))
    return std::nullopt;
  ThreadPlan plan;
  plan.lead = lead - ops.begin();
  plan.rows = true;
  plan.points = llvm::to_vector(llvm::seq(rows));
  plan.lanes = longest <= kRowOfWarp ? kWarp : plan.threads;
  return plan;
}

std::optional<ThreadPlan> cuda::planThreads(ArrayRef<linalg::LinalgOp> ops) {
  if (ops.size() == 1)
    return planThreads(ops.front());
  std::optional<ThreadPlan> plan = planPoints(ops);
  return plan ? plan : planRows(ops);
}
