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
// A Winograd convolution in blocks of tiles makes whole rows of tiles instead, where that many are
// about a block and what it goes through on the way stays in the second-level cache.
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

static Steps chooseSteps(kernel::KernelOpInterface producer, kernel::KernelOpInterface reader) {
  ArrayRef<int64_t> middle = shapeOf(producer->getResult(0)), out = shapeOf(reader->getResult(0));
  kernel::RowMaker maker = kernel::rowMakerOf(producer);
  kernel::SlidingWindow window = kernel::windowOf(reader);
  return chooseSteps(maker, 4 * maker.blocks * middle[4],
                     {{middle[2], middle[3]}, {out[2], out[3]}, window.span, window.strides});
}

static bool makesRows(kernel::ConvOp conv) {
  return conv.getGroups() == 1 && conv.getExtras().empty() && !conv.getRowsFirst();
}

// Where that many tiles are about a block, and their points and the ring stay in the second-level
// cache, rows of tiles can be the blocks.
static bool makesRows(kernel::WinogradOp conv, kernel::KernelOpInterface reader, int64_t l2Bytes) {
  int64_t blocks = conv.getBlocks(), rows = conv.getTileRows();
  if (conv.getPool() != 1 || !conv.getExtras().empty() || rows > 2 * blocks)
    return false;
  Steps steps = chooseSteps(conv, reader);
  SmallVector<int64_t> ring = kernel::ringOf(conv, reader, steps.rows, steps.columns);
  return conv.getScratchBytes(rows) + 4 * ShapedType::getNumElements(ring) <= l2Bytes;
}

// The convolution whose result `reader` alone reads, if the two can be one kernel. Images that are
// better passed once for all channels (`rows_first`) would be passed once for each group of them.
static kernel::KernelOpInterface findProducer(kernel::KernelOpInterface reader, int64_t l2Bytes) {
  Operation *producer = reader->getOperand(0).getDefiningOp();
  auto depthwise = dyn_cast<kernel::DepthwiseOp>(*reader);
  if (!producer || !producer->hasOneUse() || (depthwise && !depthwise.getExtras().empty()))
    return {};
  auto conv = dyn_cast<kernel::ConvOp>(producer);
  auto winograd = dyn_cast<kernel::WinogradOp>(producer);
  bool fits = (conv && makesRows(conv)) || (winograd && makesRows(winograd, reader, l2Bytes));
  return fits ? cast<kernel::KernelOpInterface>(producer) : kernel::KernelOpInterface();
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

static void pair(kernel::KernelOpInterface conv, kernel::KernelOpInterface reader) {
  OpBuilder builder(reader);
  Steps steps = chooseSteps(conv, reader);
  if (auto winograd = dyn_cast<kernel::WinogradOp>(*conv))
    winograd.setBlocks(winograd.getTileRows());
  Value image = cast<DestinationStyleOpInterface>(*conv).getDpsInits()[0];
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
  Value middle = body.addArgument(bufferOf(image), conv.getLoc());
  buffers.map(image, middle);
  buffers.map(conv->getResult(0), middle);
  moveInto(body, conv, buffers);
  moveInto(body, reader, buffers);
  reader->replaceAllUsesWith(op);
  reader->erase();
  conv->erase();
}

namespace {

struct PairKernels : schedule::impl::PairKernelsBase<PairKernels> {
  using PairKernelsBase::PairKernelsBase;

  void runOnOperation() override {
    SmallVector<kernel::KernelOpInterface> readers;
    getOperation().walk([&](kernel::KernelOpInterface op) {
      if (isa<kernel::DepthwiseOp, kernel::PoolOp>(*op))
        readers.push_back(op);
    });
    for (kernel::KernelOpInterface reader : readers)
      if (kernel::KernelOpInterface conv = findProducer(reader, l2Bytes))
        pair(conv, reader);
  }
};

} // namespace
