//===- Pair.cpp - verifier, effects and items of a pair of kernels -------------------===//

#include "dialects/kernel/Checks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc::kernel;
using namespace dlc::kernel::checks;

// Epilogues may have left constants beside the kernels.
static SmallVector<Operation *> kernelsOf(Block &body) {
  return llvm::filter_to_vector(llvm::make_pointer_range(body),
                                [](Operation *op) { return !isa<arith::ConstantOp>(op); });
}

KernelOpInterface PairOp::getProducer() {
  return cast<KernelOpInterface>(kernelsOf(getBody().front())[0]);
}
KernelOpInterface PairOp::getReader() {
  return cast<KernelOpInterface>(kernelsOf(getBody().front())[1]);
}

// One of the kernels that may make rows for another.
static bool isProducer(Operation *op, Value middle) {
  return TypeSwitch<Operation *, bool>(op)
      .Case([&](ConvOp conv) {
        return conv.getOut() == middle && conv.getGroups() == 1 && conv.getExtras().empty() &&
               !conv.getRowsFirst();
      })
      .Case([&](WinogradOp conv) {
        return conv.getOut() == middle && conv.getExtras().empty() && conv.getPool() == 1 &&
               int64_t(conv.getBlocks()) == conv.getTileRows();
      })
      .Default([](Operation *) { return false; });
}

// One of the kernels that may read a convolution's rows.
static bool isReader(Operation *op, Value middle, Value out) {
  return TypeSwitch<Operation *, bool>(op)
      .Case([&](DepthwiseOp conv) {
        return conv.getInput() == middle && conv.getOut() == out && conv.getExtras().empty();
      })
      .Case([&](PoolOp pool) { return pool.getInput() == middle && pool.getOut() == out; })
      .Default([](Operation *) { return false; });
}

static LogicalResult verifyBuffers(PairOp op, Block &body) {
  if (body.getNumArguments() != op->getNumOperands() + 1)
    return op.emitOpError(
        "needs a body with a buffer for each operand and one between its kernels");
  for (BlockArgument argument : body.getArguments())
    if (!isa<MemRefType>(argument.getType()))
      return op.emitOpError("needs a body that works on buffers");
  for (auto [operand, argument] : llvm::zip(op->getOperands(), body.getArguments()))
    if (failed(verifyShape(op, "a buffer for an operand", argument, shapeOf(operand))))
      return failure();
  return success();
}

LogicalResult PairOp::verify() {
  Block &body = getBody().front();
  if (failed(verifyDestination(*this, getOut(), getResult())) || failed(verifyBuffers(*this, body)))
    return failure();
  SmallVector<Operation *> kernels = kernelsOf(body);
  Value out = body.getArgument(getOutMutable().getOperandNumber());
  if (kernels.size() != 2 || !isProducer(kernels[0], getMiddle()))
    return emitOpError(
        "needs a convolution without groups, extras or rows_first, or a Winograd one "
        "without extras or pooling whose blocks are rows of tiles");
  if (!isReader(kernels[1], getMiddle(), out))
    return emitOpError("needs a depthwise convolution without extras, or a pooling, of the image "
                       "between its kernels");
  if (getStepRows() < 1 || getStepColumns() < 1 || getBandRows() < getStepRows())
    return emitOpError("needs steps of at least 1 output and bands of at least a step");
  if (rowMakerOf(getProducer()).whole && int64_t(getStepColumns()) < shapeOf(getOut())[3])
    return emitOpError("needs steps of whole rows, for its convolution makes no parts of them");
  return success();
}

SlidingWindow dlc::kernel::windowOf(KernelOpInterface reader) {
  if (auto pool = dyn_cast<PoolOp>(*reader))
    return {{pool.getWindow()[0], pool.getWindow()[1]},
            {pool.getStrides()[0], pool.getStrides()[1]},
            {pool.getPadding()[0], pool.getPadding()[2]}};
  auto conv = cast<DepthwiseOp>(*reader);
  ArrayRef<int64_t> taps = shapeOf(conv.getWeights()).slice(1, 2);
  auto span = [&](int dim) { return (taps[dim] - 1) * conv.getDilations()[dim] + 1; };
  return {{span(0), span(1)},
          {conv.getStrides()[0], conv.getStrides()[1]},
          {conv.getPadding()[0], conv.getPadding()[2]}};
}

RowMaker dlc::kernel::rowMakerOf(KernelOpInterface producer) {
  if (auto conv = dyn_cast<ConvOp>(*producer)) {
    ArrayRef<int64_t> weights = shapeOf(conv.getWeights());
    return {1, false, weights[0], weights[5]};
  }
  auto conv = cast<WinogradOp>(*producer);
  return {conv.getForm().tile, true, 1, shapeOf(conv.getOut())[1]};
}

// At worst the last row that a step needs is the first of those that the convolution makes with it.
SmallVector<int64_t> dlc::kernel::ringOf(KernelOpInterface producer, KernelOpInterface reader,
                                         int64_t rows, int64_t columns) {
  Value out = cast<DestinationStyleOpInterface>(*producer).getDpsInits()[0];
  ArrayRef<int64_t> middle = shapeOf(out);
  SlidingWindow window = windowOf(reader);
  RowMaker maker = rowMakerOf(producer);
  auto extent = [&](int dim, int64_t outputs) {
    return (outputs - 1) * window.strides[dim] + window.span[dim];
  };
  return {1, maker.blocks, std::min(extent(0, rows) + maker.rows - 1, middle[2]),
          maker.whole ? middle[3] : std::min(extent(1, columns), middle[3]), middle[4]};
}

SmallVector<int64_t> PairOp::getRingShape() {
  return ringOf(getProducer(), getReader(), getStepRows(), getStepColumns());
}

// Multiples of a cache line.
int64_t PairOp::getRingBytes() {
  return llvm::alignTo(4 * ShapedType::getNumElements(getRingShape()), 64);
}
int64_t PairOp::getScratchBytes() { return getRingBytes() + getProducer().getScratchBytes(); }

SmallVector<OpFoldResult> PairOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getOut(), {0});
  items.push_back(builder.getIndexAttr(rowMakerOf(getProducer()).groups));
  items.push_back(builder.getIndexAttr(llvm::divideCeil(shapeOf(getOut())[2], getBandRows())));
  return items;
}

int64_t PairOp::getFlopsPerItem() {
  RowMaker maker = rowMakerOf(getProducer());
  int64_t rows = shapeOf(getOut())[2];
  int64_t image =
      getProducer().getFlopsPerItem() * llvm::divideCeil(shapeOf(getMiddle())[2], maker.rows) +
      getReader().getFlopsPerItem() * rows * maker.blocks;
  return image / llvm::divideCeil(rows, getBandRows());
}

void PairOp::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }
