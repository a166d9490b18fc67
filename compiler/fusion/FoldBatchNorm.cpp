//===- FoldBatchNorm.cpp - batch normalisation into parameters ---------------------===//
//
// At inference a batch normalisation is an affine map of its channels. Directly after a linear op
// the map moves into that op's kernel and bias; what remains depends on parameters alone and is
// computed once, in @prepare. Elsewhere (after a ReLU, before an activation) the map stays, as an
// elementwise op that a group can take into its epilogue.
//
//   %0 = nn.conv2d %x, %w                        %s, %t = nn.batch_norm_affine %g, %b, %m, %v
//   %1 = nn.batch_norm %0, %g, %b, %m, %v   ->   %w1 = nn.affine %w, %s
//                                                %1 = nn.conv2d %x, %w1, %t
//
//===------------------------------------------------------------------------------===//

#include "compiler/fusion/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace dlc::fusion {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "compiler/fusion/Passes.h.inc"
} // namespace dlc::fusion

using namespace mlir;
using namespace dlc;

namespace {

struct BatchNormToAffine : OpRewritePattern<nn::BatchNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::BatchNormOp op, PatternRewriter &rewriter) const override {
    auto map = nn::BatchNormAffineOp::create(rewriter, op.getLoc(), op.getGamma(), op.getBeta(),
                                             op.getMean(), op.getVariance(), op.getEpsilonAttr());
    rewriter.replaceOpWithNewOp<nn::AffineOp>(op, op.getX(), map.getScale(), map.getShift());
    return success();
  }
};

struct FoldAffine : OpRewritePattern<nn::AffineOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::AffineOp op, PatternRewriter &rewriter) const override {
    auto linear = op.getX().getDefiningOp<nn::ScalableOpInterface>();
    if (!linear || !linear->hasOneUse())
      return failure();
    Value scaled = linear.buildScaled(rewriter, op.getScale(), op.getShift());
    // It does the work of both layers.
    scaled.getDefiningOp()->setLoc(rewriter.getFusedLoc({linear->getLoc(), op.getLoc()}));
    rewriter.replaceOp(op, scaled);
    rewriter.eraseOp(linear);
    return success();
  }
};

struct FoldBatchNorm : fusion::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<BatchNormToAffine, FoldAffine>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
