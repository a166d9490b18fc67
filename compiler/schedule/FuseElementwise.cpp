//===- FuseElementwise.cpp - chains of elementwise linalg ops -----------------------===//
//
// Upstream's fusion of linalg ops, held back where it would compute a producer again for every step of
// a reduction: only elementwise consumers take their producers in.
//
//   %0 = linalg.generic {mulf} %x       %0 = linalg.generic {mulf, addf} %x
//   %1 = linalg.generic {addf} %0   ->
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;

static bool shouldFuse(OpOperand *operand) {
  auto consumer = dyn_cast<linalg::LinalgOp>(operand->getOwner());
  Operation *producer = operand->get().getDefiningOp();
  return consumer && consumer.getNumReductionLoops() == 0 && producer && producer->hasOneUse();
}

namespace {

struct FuseElementwise : schedule::impl::FuseElementwiseBase<FuseElementwise> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
