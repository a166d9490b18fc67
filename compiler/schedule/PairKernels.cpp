//===- PairKernels.cpp - convolutions beside the depthwise ones that read them -------===//
//
// An expansion writes six times what it reads, only for a depthwise convolution to read it once.
// The two become one kernel that keeps a few rows between them in near memory:
//
//   %1 = kernel.conv ins(%x, %w, %b) outs(...)         %2 = kernel.conv_depthwise
//   %2 = kernel.depthwise ins(%1, %v, %c) outs(...) ->        ins(%x, %w, %b, %v, %c) outs(...)
//
//===---------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "compiler/schedule/Tiles.h"
#include "dialects/kernel/Shapes.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_PAIRKERNELS
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::shapeOf;

// The convolution whose result `depthwise` alone reads, if the two can be one kernel. Images that
// are better passed once for all channels (`rows_first`) would be passed once for each group of
// them.
static kernel::ConvOp findProducer(kernel::DepthwiseOp depthwise) {
  auto conv = depthwise.getInput().getDefiningOp<kernel::ConvOp>();
  bool fits = conv && conv.getResult()[0].hasOneUse() && conv.getGroups() == 1 &&
              conv.getExtras().empty() && depthwise.getExtras().empty() && !conv.getRowsFirst();
  return fits ? conv : kernel::ConvOp();
}

static Steps chooseSteps(kernel::ConvOp conv, kernel::DepthwiseOp depthwise) {
  ArrayRef<int64_t> weights = shapeOf(conv.getWeights()), middle = shapeOf(conv.getOut());
  ArrayRef<int64_t> taps = shapeOf(depthwise.getWeights()), out = shapeOf(depthwise.getOut());
  DepthwiseShape shape;
  for (int dim : {0, 1}) {
    shape.middle[dim] = middle[2 + dim];
    shape.out[dim] = out[2 + dim];
    shape.window[dim] = (taps[1 + dim] - 1) * depthwise.getDilations()[dim] + 1;
    shape.strides[dim] = depthwise.getStrides()[dim];
  }
  return chooseSteps(weights[0], 4 * weights[5] * middle[4], shape);
}

static void pair(kernel::ConvOp conv, kernel::DepthwiseOp depthwise) {
  OpBuilder builder(depthwise);
  Steps steps = chooseSteps(conv, depthwise);
  Location loc = builder.getFusedLoc({conv.getLoc(), depthwise.getLoc()});
  auto op = kernel::ConvDepthwiseOp::create(
      builder, loc, depthwise.getResultTypes(), conv.getInput(), conv.getWeights(), conv.getBias(),
      depthwise.getWeights(), depthwise.getBias(), depthwise.getOut(), conv.getStrides(),
      conv.getPadding(), conv.getDilations(), conv.getInChannels(), conv.getTile(),
      depthwise.getStrides(), depthwise.getPadding(), depthwise.getDilations(), depthwise.getTile(),
      steps.rows, steps.columns, steps.band);
  op.getEpilogue().takeBody(conv.getEpilogue());
  op.getDepthwiseEpilogue().takeBody(depthwise.getEpilogue());
  depthwise.replaceAllUsesWith(op);
  depthwise.erase();
  conv.erase();
}

namespace {

struct PairKernels : schedule::impl::PairKernelsBase<PairKernels> {
  void runOnOperation() override {
    SmallVector<kernel::DepthwiseOp> readers;
    getOperation().walk([&](kernel::DepthwiseOp op) { readers.push_back(op); });
    for (kernel::DepthwiseOp depthwise : readers)
      if (kernel::ConvOp conv = findProducer(depthwise))
        pair(conv, depthwise);
  }
};

} // namespace
