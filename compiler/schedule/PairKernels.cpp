//===- PairKernels.cpp - convolutions beside what alone reads them -------------------===//
//
// An expansion writes six times what it reads, only for a depthwise convolution to read it once; a
// stem writes an image that no near cache holds, for a pooling to keep a quarter of it. The two
// become one kernel that keeps a few rows between them in near memory:
//
//   %1 = kernel.conv ins(%x, %w, %b) outs(%e)      %2 = kernel.pair ins(%x, %w, %b) outs(%o) {
//   %2 = kernel.pool ins(%1) outs(%o)         ->   ^bb0(%x: memref, ..., %o: memref, %1: memref):
//                                                    kernel.conv ins(%x, %w, %b) outs(%1)
//                                                    kernel.pool ins(%1) outs(%o)
//                                                  }
//
//===---------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "compiler/schedule/Tiles.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/IR/IRMapping.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_PAIRKERNELS
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::shapeOf;

// The convolution whose result `reader` alone reads, if the two can be one kernel. Images that are
// better passed once for all channels (`rows_first`) would be passed once for each group of them.
static kernel::ConvOp findProducer(Operation *reader) {
  auto conv = reader->getOperand(0).getDefiningOp<kernel::ConvOp>();
  auto depthwise = dyn_cast<kernel::DepthwiseOp>(reader);
  bool fits = conv && conv.getResult()[0].hasOneUse() && conv.getGroups() == 1 &&
              conv.getExtras().empty() && !conv.getRowsFirst() &&
              (!depthwise || depthwise.getExtras().empty());
  return fits ? conv : kernel::ConvOp();
}

static Steps chooseSteps(kernel::ConvOp conv, kernel::KernelOpInterface reader) {
  ArrayRef<int64_t> weights = shapeOf(conv.getWeights()), middle = shapeOf(conv.getOut()),
                    out = shapeOf(reader->getResult(0));
  kernel::SlidingWindow window = kernel::windowOf(reader);
  return chooseSteps(weights[0], 4 * weights[5] * middle[4],
                     {{middle[2], middle[3]}, {out[2], out[3]}, window.span, window.strides});
}

static MemRefType bufferOf(Value tensor) {
  return MemRefType::get(shapeOf(tensor), getElementTypeOrSelf(tensor.getType()));
}

// `op` on buffers, in the body of a pair.
static void moveInto(Block &body, Operation *op, const IRMapping &buffers) {
  OpBuilder builder = OpBuilder::atBlockEnd(&body);
  OperationState state(op->getLoc(), op->getName());
  for (Value operand : op->getOperands())
    state.addOperands(buffers.lookup(operand));
  state.propertiesAttr = op->getPropertiesAsAttribute();
  for (Region &region : op->getRegions())
    state.addRegion()->takeBody(region);
  builder.create(state);
}

static void pair(kernel::ConvOp conv, kernel::KernelOpInterface reader) {
  OpBuilder builder(reader);
  Steps steps = chooseSteps(conv, reader);
  Value out = cast<DestinationStyleOpInterface>(*reader).getDpsInits()[0];
  SmallVector<Value> operands(conv->getOperands().drop_back());
  for (Value operand : reader->getOperands().drop_front())
    if (operand != out)
      operands.push_back(operand);
  Location loc = builder.getFusedLoc({conv.getLoc(), reader.getLoc()});
  auto op = kernel::PairOp::create(builder, loc, reader->getResultTypes(), operands, out,
                                   steps.rows, steps.columns, steps.band);
  op->setDiscardableAttrs(conv->getDiscardableAttrDictionary());
  Block &body = op.getBody().emplaceBlock();
  IRMapping buffers;
  for (Value operand : op->getOperands())
    buffers.map(operand, body.addArgument(bufferOf(operand), operand.getLoc()));
  Value middle = body.addArgument(bufferOf(conv.getOut()), conv.getLoc());
  buffers.map(conv.getOut(), middle);
  buffers.map(conv.getResult()[0], middle);
  moveInto(body, conv, buffers);
  moveInto(body, reader, buffers);
  reader->replaceAllUsesWith(op);
  reader->erase();
  conv.erase();
}

namespace {

struct PairKernels : schedule::impl::PairKernelsBase<PairKernels> {
  void runOnOperation() override {
    SmallVector<kernel::KernelOpInterface> readers;
    getOperation().walk([&](kernel::KernelOpInterface op) {
      if (isa<kernel::DepthwiseOp, kernel::PoolOp>(*op))
        readers.push_back(op);
    });
    for (kernel::KernelOpInterface reader : readers)
      if (kernel::ConvOp conv = findProducer(reader))
        pair(conv, reader);
  }
};

} // namespace
