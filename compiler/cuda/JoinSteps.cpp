//===- JoinSteps.cpp - neighbouring linalg ops become one kernel's steps --------------===//
//
// A launch takes longer than most of what a layer does for each channel, and what one kernel stores
// and the next one loads passes through memory twice. Ops on buffers that have the same points and
// find at a point what the others wrote there become the steps of one kernel.steps: what fills a
// reduction's destination, the reduction, and what is done with its result. So do ops along the
// same rows: the largest element of each, its exponentials, their sum and the quotients. Buffers
// that nothing else reads become memref.alloca, which is never stored, where registers have room
// for them.
//
//   %sum = memref.alloc() : memref<64xf32>
//   linalg.fill ins(%zero) outs(%sum)
//   linalg.generic {add} ins(%parts : memref<?x64xf32>) outs(%sum)
//   linalg.generic {div} ins(%sum) outs(%mean : memref<64xf32>)
//   ->
//   kernel.steps {
//     %sum = memref.alloca() : memref<64xf32>
//     linalg.fill ins(%zero) outs(%sum)
//     linalg.generic {add} ins(%parts : memref<?x64xf32>) outs(%sum)
//     linalg.generic {div} ins(%sum) outs(%mean : memref<64xf32>)
//   }
//
// Goes before the plan of the arena, which is to see that all of a kernel's buffers live at once.
//
//===----------------------------------------------------------------------------------===//

#include "compiler/cuda/Passes.h"
#include "compiler/cuda/ThreadPlan.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_JOINSTEPS
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;
using linalg::LinalgOp;

// Registers hold what steps read and hand on.
static constexpr unsigned kMostSteps = 12;
// How far an op is moved at most: past these many others.
static constexpr unsigned kMostPassed = 8;
// Ops of fewer points cost their launch and nothing else: they need not have a buffer in common.
static constexpr int64_t kFewPoints = 4096;

static Value rootOf(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

static LinalgOp asStep(Operation *op) {
  auto step = dyn_cast_or_null<LinalgOp>(op);
  return step && step.hasPureBufferSemantics() ? step : LinalgOp();
}

static bool isFill(Operation *op) { return isa_and_nonnull<linalg::FillOp>(op); }

static bool fills(Operation *fill, LinalgOp op) {
  return isFill(fill) &&
         llvm::is_contained(op.getDpsInits(), cast<LinalgOp>(fill).getDpsInits().front());
}

// Has no effect but making a buffer or a view of one.
static bool isFree(Operation *op) {
  return isa<memref::AllocOp, ViewLikeOpInterface>(op) || isMemoryEffectFree(op);
}

static bool touches(LinalgOp op, Value root) {
  return llvm::any_of(op->getOperands(), [&](Value operand) { return rootOf(operand) == root; });
}

static bool writes(LinalgOp op, Value root) {
  return llvm::any_of(op.getDpsInits(), [&](Value init) { return rootOf(init) == root; });
}

static bool conflict(LinalgOp a, LinalgOp b) {
  auto isTouched = [](LinalgOp by, LinalgOp writer) {
    return llvm::any_of(writer.getDpsInits(),
                        [&](Value init) { return touches(by, rootOf(init)); });
  };
  return isTouched(a, b) || isTouched(b, a);
}

// Few points in any batch.
static bool isSmall(LinalgOp op) {
  int64_t count = 1;
  for (auto [extent, iterator] :
       llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::parallel)
      count = ShapedType::isDynamic(extent) ? kFewPoints + 1 : count * extent;
  return count <= kFewPoints;
}

namespace {
/// The steps of a kernel as they are found.
class Steps {
public:
  /// `first`, and before it what fills its destinations.
  explicit Steps(LinalgOp first);
  /// Looks for more behind them.
  void grow();
  void join();

private:
  bool takes(ArrayRef<LinalgOp> next);
  bool fits(ArrayRef<LinalgOp> next);
  bool canReach(Operation *op, SmallVectorImpl<Operation *> &needed);
  void keepInRegisters(kernel::StepsOp joined);

  SmallVector<LinalgOp> steps, passed;
  SmallVector<Operation *> movers; // what steps need and stands behind the first one
};
} // namespace

Steps::Steps(LinalgOp first) {
  for (Operation *op = first->getPrevNode(); op; op = op->getPrevNode()) {
    if (isFree(op))
      continue;
    if (!fills(op, first))
      break;
    steps.insert(steps.begin(), cast<LinalgOp>(op));
  }
  steps.push_back(first);
  if (planThreads(steps) &&
      llvm::all_of(steps, [&](LinalgOp step) { return canReach(step, movers); }))
    return;
  steps = {first};
  movers.clear();
}

// Whether a value's makers can stand before the first step: they are free, or stand there already.
bool Steps::canReach(Operation *op, SmallVectorImpl<Operation *> &needed) {
  SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  for (Value value : values) {
    Operation *maker = value.getDefiningOp();
    if (!maker || maker->getBlock() != steps.front()->getBlock() ||
        maker->isBeforeInBlock(steps.front()) || llvm::is_contained(needed, maker))
      continue;
    if (!isFree(maker) || !canReach(maker, needed))
      return false;
    needed.push_back(maker);
  }
  return true;
}

// The plan of all is as good as that of each.
bool Steps::fits(ArrayRef<LinalgOp> next) {
  SmallVector<LinalgOp> all = steps;
  std::optional<ThreadPlan> before = planThreads(all);
  llvm::append_range(all, next);
  std::optional<ThreadPlan> joined = planThreads(all);
  return joined && (joined->rows ||
                    (joined->width >= before->width &&
                     (isSmall(next.back()) || joined->width >= planThreads(next.back()).width)));
}

// An op, behind what fills its destinations.
bool Steps::takes(ArrayRef<LinalgOp> next) {
  LinalgOp last = next.back();
  if (isFill(last) || steps.size() + next.size() > kMostSteps)
    return false;
  bool isConnected = llvm::any_of(steps, [&](LinalgOp step) {
    return llvm::any_of(step->getOperands(), [&](Value operand) {
      return isa<MemRefType>(operand.getType()) && llvm::is_contained(last->getOperands(), operand);
    });
  });
  auto passes = [&](LinalgOp other) {
    return llvm::is_contained(next, other) ||
           llvm::none_of(next, [&](LinalgOp op) { return conflict(op, other); });
  };
  if ((!isConnected && !isSmall(last)) || !llvm::all_of(passed, passes) || !fits(next))
    return false;
  SmallVector<Operation *> needed = movers;
  if (!llvm::all_of(next, [&](LinalgOp op) { return canReach(op, needed); }))
    return false;
  movers = needed;
  return true;
}

void Steps::grow() {
  for (Operation *op = steps.back()->getNextNode(); op && passed.size() < kMostPassed;
       op = op->getNextNode()) {
    if (isFree(op))
      continue;
    LinalgOp next = asStep(op);
    if (!next)
      return;
    SmallVector<LinalgOp> together =
        llvm::filter_to_vector(passed, [&](LinalgOp other) { return fills(other, next); });
    together.push_back(next);
    if (takes(together)) {
      llvm::append_range(steps, together);
      llvm::erase_if(passed, [&](LinalgOp op) { return llvm::is_contained(together, op); });
    } else {
      passed.push_back(next);
    }
  }
}

void Steps::keepInRegisters(kernel::StepsOp joined) {
  SetVector<Value> buffers;
  getUsedValuesDefinedAbove(joined->getRegions(), buffers);
  std::optional<ThreadPlan> plan = planThreads(steps);
  for (Value buffer : buffers) {
    auto alloc = buffer.getDefiningOp<memref::AllocOp>();
    // The elements of a row are too many.
    if (!alloc || (plan->rows && alloc.getType().getRank() != int64_t(plan->points.size())) ||
        !llvm::all_of(alloc->getUsers(),
                      [&](Operation *user) { return user->getParentOp() == joined; }))
      continue;
    OpBuilder builder = OpBuilder::atBlockBegin(&joined.getBody().front());
    Value local =
        memref::AllocaOp::create(builder, alloc.getLoc(), alloc.getType(), alloc.getDynamicSizes());
    alloc.replaceAllUsesWith(local);
    alloc.erase();
  }
}

void Steps::join() {
  if (steps.size() < 2)
    return;
  for (Operation *op : movers)
    op->moveBefore(steps.front());
  OpBuilder builder(steps.front());
  auto joined = kernel::StepsOp::create(builder, steps.front()->getLoc());
  Block *body = &joined.getBody().emplaceBlock();
  for (LinalgOp step : steps)
    step->moveBefore(body, body->end());
  keepInRegisters(joined);
}

// What fills a buffer goes right before the op that first needs it.
static void sinkFill(linalg::FillOp fill) {
  Value root = rootOf(fill.getOutputs().front());
  for (Operation *op = fill->getNextNode(); op; op = op->getNextNode()) {
    if (isFree(op))
      continue;
    LinalgOp step = asStep(op);
    if (step && !touches(step, root) && !isFill(op))
      continue;
    if (step && step.getNumReductionLoops() && writes(step, root))
      fill->moveBefore(op);
    return;
  }
}

namespace {
struct JoinSteps : dlc::cuda::impl::JoinStepsBase<JoinSteps> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    SmallVector<linalg::FillOp> fills(block.getOps<linalg::FillOp>());
    for (linalg::FillOp fill : llvm::reverse(fills))
      sinkFill(fill);
    SmallVector<LinalgOp> ops(block.getOps<LinalgOp>());
    for (LinalgOp op : ops) {
      if (op->getBlock() != &block || !asStep(op) || isFill(op))
        continue;
      Steps steps(op);
      steps.grow();
      steps.join();
    }
  }
};
} // namespace
