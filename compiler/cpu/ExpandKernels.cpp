//===- ExpandKernels.cpp - the pass dlc-expand-kernels ------------------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

namespace dlc::cpu {
#define GEN_PASS_DEF_EXPANDKERNELS
#include "compiler/cpu/Passes.h.inc"
} // namespace dlc::cpu

namespace {

// Lanes of the vectors a kernel works on: the innermost extent of its blocked output, or of what a
// kernel with a plain one reads.
int64_t lanesOf(Operation *op) {
  Value blocked = cast<DestinationStyleOpInterface>(op).getDpsInits()[0];
  if (auto unpack = dyn_cast<kernel::UnpackOp>(op))
    blocked = unpack.getInput();
  if (auto weights = dyn_cast<kernel::ConvWeightsOp>(op))
    blocked = weights.getGradient();
  if (auto weights = dyn_cast<kernel::DepthwiseWeightsOp>(op))
    blocked = weights.getGradient();
  return cast<ShapedType>(blocked.getType()).getShape().back();
}

bool isScratch(Value value, kernel::KernelOpInterface op) {
  auto type = dyn_cast<MemRefType>(value.getType());
  return type && type.getElementType().isInteger(8) &&
         type.getShape() == ArrayRef<int64_t>{op.getScratchBytes()};
}

// The argument that outlining added for the kernel after this one; null: none.
Value takeAhead(func::FuncOp func) {
  for (BlockArgument argument : func.getArguments())
    if (func.removeArgAttr(argument.getArgNumber(), kernel::kAheadAttr))
      return argument;
  return {};
}

struct ExpandKernels : dlc::cpu::impl::ExpandKernelsBase<ExpandKernels> {
  using ExpandKernelsBase::ExpandKernelsBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    SmallVector<kernel::KernelOpInterface> ops;
    // Those in another one are part of it.
    func.walk<WalkOrder::PreOrder>([&](kernel::KernelOpInterface op) {
      ops.push_back(op);
      return WalkResult::skip();
    });
    for (kernel::KernelOpInterface op : ops)
      if (failed(expand(func, op)))
        return signalPassFailure();
  }

  LogicalResult expand(func::FuncOp func, kernel::KernelOpInterface op) {
    unsigned arguments = func.getNumArguments();
    bool bounded = arguments >= 2 && func.getArgument(arguments - 1).getType().isIndex() &&
                   func.getArgument(arguments - 2).getType().isIndex();
    if (!bounded || op->getParentOp() != func)
      return op->emitOpError("needs a function of its own that ends in the bounds of its items");
    if (op.getScratchBytes() && (arguments < 3 || !isScratch(func.getArgument(arguments - 3), op)))
      return op->emitOpError("needs its scratch memory before the bounds of its items");
    if (llvm::any_of(op->getOperandTypes(), [](Type type) { return !isa<MemRefType>(type); }))
      return op->emitOpError("needs buffers, not tensors");
    OpBuilder builder(op);
    cpu::Emitter e(builder, op.getLoc(), func, lanesOf(op));
    ahead = takeAhead(func);
    scratch = op.getScratchBytes() ? func.getArgument(arguments - 3) : BlockArgument();
    if (failed(emit(e, op, func.getArgument(arguments - 2), func.getArgument(arguments - 1))))
      return failure();
    op->erase();
    return success();
  }

  LogicalResult emit(cpu::Emitter &e, Operation *op, Value lo, Value hi) {
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](kernel::ConvOp conv) { return cpu::expandConv(e, conv, ahead, lo, hi, l2Bytes); })
        .Case([&](kernel::DepthwiseOp conv) { return cpu::expandDepthwise(e, conv, lo, hi); })
        .Case([&](kernel::PairOp pair) {
          return cpu::expandPair(e, pair, scratch, ahead, lo, hi, l2Bytes);
        })
        .Case([&](kernel::ConvWeightsOp weights) {
          return cpu::expandConvWeights(e, weights, lo, hi), success();
        })
        .Case([&](kernel::DepthwiseWeightsOp weights) {
          return cpu::expandDepthwiseWeights(e, weights, lo, hi), success();
        })
        .Case([&](kernel::GemmOp gemm) { return cpu::expandGemm(e, gemm, lo, hi, l2Bytes); })
        .Case([&](kernel::PoolOp pool) { return cpu::expandPool(e, pool, lo, hi), success(); })
        .Case([&](kernel::PoolBackwardOp pool) {
          return cpu::expandPoolBackward(e, pool, lo, hi), success();
        })
        .Case([&](kernel::PackOp pack) { return cpu::expandPack(e, pack, lo, hi), success(); })
        .Case([&](kernel::SpaceToDepthOp op) {
          return cpu::expandSpaceToDepth(e, op, lo, hi), success();
        })
        .Case([&](kernel::UnitScalesOp op) {
          return cpu::expandUnitScales(e, op, lo, hi), success();
        })
        .Case(
            [&](kernel::PackFixedOp op) { return cpu::expandPackFixed(e, op, lo, hi), success(); })
        .Case([&](kernel::UnpackOp op) { return cpu::expandUnpack(e, op, lo, hi), success(); })
        .Default([&](Operation *other) { return emitWinograd(e, other, lo, hi); });
  }

  LogicalResult emitWinograd(cpu::Emitter &e, Operation *op, Value lo, Value hi) {
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](kernel::WinogradScalesOp scales) {
          return cpu::expandWinogradScales(e, scales, lo, hi), success();
        })
        .Case([&](kernel::WinogradWeightsOp weights) {
          return cpu::expandWinogradWeights(e, weights, lo, hi), success();
        })
        .Case([&](kernel::WinogradInputOp in) {
          return cpu::expandWinogradInput(e, in, lo, hi), success();
        })
        .Case([&](kernel::WinogradGemmOp gemm) {
          return cpu::expandWinogradGemm(e, gemm, lo, hi), success();
        })
        .Case(
            [&](kernel::WinogradOutputOp out) { return cpu::expandWinogradOutput(e, out, lo, hi); })
        .Case([&](kernel::WinogradOp op) { return cpu::expandWinograd(e, op, scratch, lo, hi); })
        .Case([&](kernel::WinogradPlaneOp op) {
          return cpu::expandWinogradPlane(e, op, scratch, lo, hi);
        })
        .Default(
            [](Operation *other) { return other->emitOpError("has no expansion on this target"); });
  }

  Value ahead, scratch; // of the kernel at hand
};

} // namespace
