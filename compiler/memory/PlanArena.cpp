//===- PlanArena.cpp - every allocation in one arena --------------------------------===//
//
// An entry function is a straight line, so a buffer lives from the first to the last op that
// touches it or a view of it. Buffers whose size grows with the batch share one region of the
// arena, the others another; the two are planned apart and the batch's offsets are scaled at run
// time. Prepared values get their places in the prepared block. A third region, behind these two,
// is scratch memory of threads: kernels run one after the other and share it, so the largest one
// decides its size.
//
//   %0 = memref.alloc(%batch) : memref<?x8xf32>   ->   %o = %batch * 64 + 128
//                                                      %0 = memref.view %arena[%o][%batch]
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "compiler/memory/Planner.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace dlc::memory {
#define GEN_PASS_DEF_PLANARENA
#include "compiler/memory/Passes.h.inc"
} // namespace dlc::memory

using namespace mlir;
using namespace dlc;
using namespace dlc::memory;

// Rows of vectors never straddle cache lines, and every variant may use aligned moves.
static constexpr int64_t kAlignment = 64;

namespace {

// One region of the arena: its allocations and when they live.
struct ArenaRegion {
  SmallVector<memref::AllocOp> allocs;
  SmallVector<Lifetime> lifetimes;
  Placement placement;
  void plan() { placement = planArena(lifetimes, kAlignment); }
};

} // namespace

// Steps are the positions of the function's top-level ops.
static Lifetime lifetimeOf(memref::AllocOp alloc, const DenseMap<Operation *, int64_t> &steps) {
  Lifetime lifetime{std::numeric_limits<int64_t>::max(), -1,
                    kernel::bytesOfSample(alloc.getType())};
  SmallVector<Value> aliases = {alloc.getMemref()};
  while (!aliases.empty()) {
    for (Operation *user : aliases.pop_back_val().getUsers()) {
      if (isa<ViewLikeOpInterface>(user)) {
        aliases.push_back(user->getResult(0));
        continue;
      }
      int64_t step = steps.lookup(alloc->getBlock()->findAncestorOpInBlock(*user));
      lifetime.begin = std::min(lifetime.begin, step);
      lifetime.end = std::max(lifetime.end, step);
    }
  }
  if (lifetime.end < 0)
    lifetime.begin = lifetime.end = steps.lookup(alloc);
  return lifetime;
}

static LogicalResult collect(func::FuncOp function, ArenaRegion &constant, ArenaRegion &batch) {
  DenseMap<Operation *, int64_t> steps;
  for (Operation &op : function.getBody().front())
    steps[&op] = steps.size();
  WalkResult result = function.walk([&](memref::AllocOp alloc) {
    if (alloc->getParentOp() != function || alloc.getType().getNumDynamicDims() > 1)
      return alloc.emitOpError("is not a buffer of the whole call, linear in the batch"),
             WalkResult::interrupt();
    ArenaRegion &region = alloc.getType().hasStaticShape() ? constant : batch;
    region.allocs.push_back(alloc);
    region.lifetimes.push_back(lifetimeOf(alloc, steps));
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

static int64_t scratchOfThread(func::FuncOp function) {
  int64_t most = 0;
  function.walk([&](kernel::KernelOpInterface op) { most = std::max(most, op.getScratchBytes()); });
  return most;
}

static LogicalResult placeInArena(func::FuncOp function) {
  ArenaRegion constant, batch;
  if (failed(collect(function, constant, batch)))
    return failure();
  constant.plan();
  batch.plan();

  Builder attributes(function.getContext());
  auto mark = attributes.getDictionaryAttr(
      attributes.getNamedAttr(nn::kArenaAttr, attributes.getUnitAttr()));
  auto bytes = MemRefType::get({ShapedType::kDynamic}, attributes.getI8Type());
  unsigned position = function.getNumArguments();
  if (failed(function.insertArgument(position, bytes, mark, function.getLoc())))
    return failure();
  Value arena = function.getArgument(position);
  OpBuilder builder(function.getContext());
  auto replace = [&](ArenaRegion &region, bool scaled) {
    for (auto [alloc, place] : llvm::zip_equal(region.allocs, region.placement.offsets)) {
      builder.setInsertionPoint(alloc);
      Location loc = alloc.getLoc();
      Value offset = arith::ConstantIndexOp::create(builder, loc, place);
      if (scaled) {
        Value base = arith::ConstantIndexOp::create(builder, loc, constant.placement.total);
        offset = arith::MulIOp::create(builder, loc, alloc.getDynamicSizes()[0], offset);
        offset = arith::AddIOp::create(builder, loc, offset, base);
      }
      auto view = memref::ViewOp::create(builder, loc, alloc.getType(), arena, offset,
                                         alloc.getDynamicSizes());
      alloc.replaceAllUsesWith(view.getResult());
      alloc.erase();
    }
  };
  replace(constant, false);
  replace(batch, true);
  function->setAttr(nn::kArenaConstAttr, attributes.getI64IntegerAttr(constant.placement.total));
  function->setAttr(nn::kArenaBatchAttr, attributes.getI64IntegerAttr(batch.placement.total));
  function->setAttr(nn::kArenaThreadAttr, attributes.getI64IntegerAttr(scratchOfThread(function)));
  return success();
}

// Prepared values keep their order: the number of each becomes its byte offset, in every function.
static void placePrepared(ModuleOp module) {
  SmallVector<int64_t> sizes;
  auto visit = [&](auto action) {
    for (auto function : module.getOps<func::FuncOp>())
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        if (auto number = function.getArgAttrOfType<IntegerAttr>(i, nn::kPreparedAttr))
          action(function, i, number.getInt());
  };
  visit([&](func::FuncOp function, unsigned argument, int64_t number) {
    sizes.resize(std::max<size_t>(sizes.size(), number + 1));
    sizes[number] = kernel::bytesOfSample(cast<MemRefType>(function.getArgumentTypes()[argument]));
  });
  SmallVector<int64_t> offsets;
  int64_t total = 0;
  for (int64_t size : sizes) {
    offsets.push_back(total);
    total += llvm::alignTo(size, kAlignment);
  }
  Builder builder(module.getContext());
  visit([&](func::FuncOp function, unsigned argument, int64_t number) {
    function.setArgAttr(argument, nn::kPreparedAttr, builder.getI64IntegerAttr(offsets[number]));
  });
  module->setAttr(nn::kPreparedBytesAttr, builder.getI64IntegerAttr(total));
}

namespace {

struct PlanArena : memory::impl::PlanArenaBase<PlanArena> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && failed(placeInArena(function)))
        return signalPassFailure();
    placePrepared(getOperation());
  }
};

} // namespace
