//===- FuseElementwise.cpp - chains of elementwise linalg ops -----------------------===//
//
// Upstream's fusion of linalg ops, held back where it would compute a producer again for every step
// of a reduction: consumers that reduce take in only what they read once. With costly-once neither
// is a quotient or a root of a row computed again for each element that reads it. A producer that
// the function returns as well (an optimiser's slot, which the parameter's new value needs) becomes
// a further result of the fused op, so that all it reads is read once.
//
//   %0 = linalg.generic {mulf} %x       %0 = linalg.generic {mulf, addf} %x
//   %1 = linalg.generic {addf} %0   ->
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;

static bool readsOnce(linalg::LinalgOp consumer, OpOperand *operand) {
  return consumer.getNumReductionLoops() == 0 ||
         consumer.getMatchingIndexingMap(operand).isPermutation();
}

// A step of it takes more than a few instructions.
static bool isCostly(Operation *producer) {
  return producer
      ->walk([](Operation *op) {
        return isa<arith::DivFOp>(op) || isa<math::MathDialect>(op->getDialect())
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

static bool shouldFuse(OpOperand *operand, bool costlyOnce) {
  auto consumer = dyn_cast<linalg::LinalgOp>(operand->getOwner());
  Operation *producer = operand->get().getDefiningOp();
  if (!consumer || !readsOnce(consumer, operand) || !producer || !producer->hasOneUse())
    return false;
  return !costlyOnce || consumer.getMatchingIndexingMap(operand).isPermutation() ||
         !isCostly(producer);
}

static bool isElementwise(linalg::GenericOp op) { return op && op.getNumReductionLoops() == 0; }

namespace {

struct FuseReturned : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp consumer,
                                PatternRewriter &rewriter) const override {
    for (OpOperand &operand : consumer->getOpOperands()) {
      auto producer = operand.get().getDefiningOp<linalg::GenericOp>();
      if (!isElementwise(consumer) || !isElementwise(producer) || producer->hasOneUse() ||
          producer.getNumResults() != 1)
        continue;
      bool isReturned = llvm::all_of(producer->getUsers(), [&](Operation *user) {
        return user == consumer || user->hasTrait<OpTrait::ReturnLike>();
      });
      if (!isReturned || !linalg::areElementwiseOpsFusable(&operand))
        continue;
      auto fused = linalg::fuseElementwiseOps(rewriter, &operand);
      if (failed(fused))
        continue;
      for (auto [old, replacement] : fused->replacements)
        rewriter.replaceAllUsesWith(old, replacement);
      rewriter.eraseOp(consumer);
      rewriter.eraseOp(producer);
      return success();
    }
    return failure();
  }
};

struct FuseElementwise : schedule::impl::FuseElementwiseBase<FuseElementwise> {
  using FuseElementwiseBase::FuseElementwiseBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(
        patterns, [this](OpOperand *operand) { return shouldFuse(operand, costlyOnce); });
    patterns.add<FuseReturned>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
