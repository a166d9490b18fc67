//===- VerifyAliasing.cpp - a kernel's operands never alias -------------------------===//
//
// Kernels take noalias pointers. If a written operand overlapped another one, LLVM would be told a
// lie and sums would come out wrong. Two operands are disjoint if they stem from different
// arguments of the entry, from views of one buffer that part in some dimension, or from byte ranges
// of the arena that never meet, whatever the batch is. Everything else is an error, except the
// elementwise update
//
//   linalg.generic {indexing_maps = [#id, #id]} ins(%x : ...) outs(%x : ...)
//
// which outlining turns into a function of one buffer.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace dlc::abi {
#define GEN_PASS_DEF_VERIFYALIASING
#include "compiler/abi/Passes.h.inc"
} // namespace dlc::abi

using namespace mlir;
using namespace dlc::abi;

namespace {
// constant + batch * perBatch, the batch being at least 1.
struct Linear {
  int64_t constant = 0, perBatch = 0;
  bool neverAbove(const Linear &other) const {
    return perBatch <= other.perBatch && constant + perBatch <= other.constant + other.perBatch;
  }
};

// Bytes of the root that a value may touch; no range when they cannot be told.
struct Extent {
  Value root;
  std::optional<std::pair<Linear, Linear>> bytes;
};
} // namespace

static std::optional<Linear> linearOf(Value value) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return Linear{*constant, 0};
  if (isa<BlockArgument>(value) && value.getType().isIndex())
    return Linear{0, 1};
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<arith::AddIOp, arith::MulIOp>(op))
    return std::nullopt;
  std::optional<Linear> a = linearOf(op->getOperand(0)), b = linearOf(op->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  if (isa<arith::AddIOp>(op))
    return Linear{a->constant + b->constant, a->perBatch + b->perBatch};
  if (b->perBatch != 0)
    std::swap(a, b);
  if (b->perBatch != 0)
    return std::nullopt;
  return Linear{a->constant * b->constant, a->perBatch * b->constant};
}

// Bytes of a dense buffer of which every dynamic extent is an operand of the view.
static std::optional<Linear> sizeOf(memref::ViewOp view) {
  Linear size{static_cast<int64_t>(view.getType().getElementTypeBitWidth() / 8), 0};
  auto sizes = view.getSizes().begin();
  for (int64_t extent : view.getType().getShape()) {
    std::optional<Linear> factor = Linear{extent, 0};
    if (ShapedType::isDynamic(extent))
      factor = linearOf(*sizes++);
    if (!factor || (factor->perBatch && size.perBatch))
      return std::nullopt;
    size = {size.constant * factor->constant,
            size.perBatch * factor->constant + size.constant * factor->perBatch};
  }
  return size;
}

static Extent extentOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto view = dyn_cast<memref::ViewOp>(op)) {
      std::optional<Linear> begin = linearOf(view.getByteShift()), size = sizeOf(view);
      Extent extent{view.getSource(), std::nullopt};
      if (begin && size)
        extent.bytes = {*begin,
                        {begin->constant + size->constant, begin->perBatch + size->perBatch}};
      return extent;
    }
    auto alias = dyn_cast<ViewLikeOpInterface>(op);
    if (!alias)
      break;
    value = alias.getViewSource();
  }
  return {value, std::nullopt};
}

// Views of one buffer: disjoint if some dimension keeps them apart.
static bool partInSomeDimension(memref::SubViewOp a, memref::SubViewOp b) {
  if (a.getSource() != b.getSource())
    return false;
  for (unsigned dim = 0; dim < a.getStaticOffsets().size(); ++dim) {
    int64_t offsetA = a.getStaticOffsets()[dim], offsetB = b.getStaticOffsets()[dim];
    int64_t sizeA = a.getStaticSizes()[dim], sizeB = b.getStaticSizes()[dim];
    if (llvm::any_of(ArrayRef<int64_t>{offsetA, offsetB, sizeA, sizeB}, ShapedType::isDynamic))
      continue;
    int64_t endA = offsetA + (sizeA - 1) * a.getStaticStrides()[dim] + 1;
    int64_t endB = offsetB + (sizeB - 1) * b.getStaticStrides()[dim] + 1;
    if (endA <= offsetB || endB <= offsetA)
      return true;
  }
  return false;
}

// The views of a value, from the value to its root.
static SmallVector<memref::SubViewOp> subviewsOf(Value value) {
  SmallVector<memref::SubViewOp> views;
  while (auto alias = value.getDefiningOp<ViewLikeOpInterface>()) {
    if (auto subview = dyn_cast<memref::SubViewOp>(alias.getOperation()))
      views.push_back(subview);
    value = alias.getViewSource();
  }
  return views;
}

static bool areDisjoint(Value a, Value b) {
  Extent x = extentOf(a), y = extentOf(b);
  if (x.root != y.root)
    return true;
  if (x.bytes && y.bytes &&
      (x.bytes->second.neverAbove(y.bytes->first) || y.bytes->second.neverAbove(x.bytes->first)))
    return true;
  for (memref::SubViewOp viewA : subviewsOf(a))
    for (memref::SubViewOp viewB : subviewsOf(b))
      if (partInSomeDimension(viewA, viewB))
        return true;
  return false;
}

// An update in place reads each element before it writes that element.
static bool updatesInPlace(linalg::LinalgOp op, OpOperand &a, OpOperand &b) {
  return op && a.get() == b.get() && op.getNumParallelLoops() == op.getNumLoops() &&
         op.getMatchingIndexingMap(&a) == op.getMatchingIndexingMap(&b) &&
         op.getMatchingIndexingMap(&a).isPermutation();
}

static LogicalResult verifyOperands(DestinationStyleOpInterface op) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op.getOperation());
  for (OpOperand &out : op.getDpsInitsMutable()) {
    for (OpOperand &other : op->getOpOperands()) {
      if (&other == &out || !isa<MemRefType>(other.get().getType()) ||
          areDisjoint(out.get(), other.get()) || updatesInPlace(linalgOp, out, other))
        continue;
      return op->emitOpError("writes operand ")
             << out.getOperandNumber() << ", which overlaps operand " << other.getOperandNumber()
             << "; two operands of a kernel never alias";
    }
  }
  return success();
}

namespace {
struct VerifyAliasing : dlc::abi::impl::VerifyAliasingBase<VerifyAliasing> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      auto destination = dyn_cast<DestinationStyleOpInterface>(op);
      if (destination &&
          isa<dlc::kernel::KernelOpInterface, dlc::kernel::GpuKernelOpInterface, linalg::LinalgOp>(
              op))
        return failed(verifyOperands(destination)) ? WalkResult::interrupt() : WalkResult::skip();
      auto copy = dyn_cast<memref::CopyOp>(op);
      if (copy && !areDisjoint(copy.getSource(), copy.getTarget())) {
        copy.emitOpError(
            "copies between overlapping buffers; two operands of a kernel never alias");
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
