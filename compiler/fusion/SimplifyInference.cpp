//===- SimplifyInference.cpp - remove what has no effect at inference --------------===//
//
// Dropout is the identity outside training. Zero padding in front of a convolution becomes the
// convolution's own padding, which its kernel skips instead of reading:
//
//   %0 = nn.dropout %x {rate = 0.5}                     %0 = nn.conv2d %x, %w {padding = [1, 1, 1, 1]}
//   %1 = nn.pad %0 {low = [0, 1, 1, 0], ...}       ->
//   %2 = nn.conv2d %1, %w {padding = [0, 0, 0, 0]}
//
//===------------------------------------------------------------------------------===//

#include "compiler/fusion/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace dlc::fusion {
#define GEN_PASS_DEF_SIMPLIFYINFERENCE
#include "compiler/fusion/Passes.h.inc"
} // namespace dlc::fusion

using namespace mlir;
using namespace dlc;

namespace {

struct DropDropout : OpRewritePattern<nn::DropoutOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::DropoutOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, op.getX());
    return success();
  }
};

// Padding of height and width with zeros, read by one op that can pad by itself.
struct AbsorbPadding : OpRewritePattern<nn::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::PadOp pad, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> low = pad.getLow(), high = pad.getHigh();
    if (low.size() != 4 || low[0] || low[3] || high[0] || high[3] || !pad.getValue().isZero() ||
        !pad->hasOneUse())
      return failure();
    auto user = dyn_cast<nn::ScalableOpInterface>(*pad->user_begin());
    if (!user || user->getOperand(0) != pad.getResult())
      return failure();
    bool absorbed = false;
    rewriter.modifyOpInPlace(user, [&] {
      absorbed = user.absorbPadding({low[1], high[1], low[2], high[2]});
      if (absorbed)
        user->setOperand(0, pad.getX());
    });
    if (!absorbed)
      return failure();
    rewriter.eraseOp(pad);
    return success();
  }
};

struct SimplifyInference : fusion::impl::SimplifyInferenceBase<SimplifyInference> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DropDropout, AbsorbPadding>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
