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

ConvOp PairOp::getConv() { return cast<ConvOp>(kernelsOf(getBody().front())[0]); }
KernelOpInterface PairOp::getReader() {
  return cast<KernelOpInterface>(kernelsOf(getBody().front())[1]);
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
  auto conv = kernels.size() == 2 ? dyn_cast<ConvOp>(kernels[0]) : ConvOp();
  if (!conv || conv.getOut() != getMiddle() || conv.getGroups() != 1 || !conv.getExtras().empty() ||
      conv.getRowsFirst())
    return emitOpError("needs a convolution without groups, extras or rows_first");
  if (!isReader(kernels[1], getMiddle(), out))
    return emitOpError("needs a depthwise convolution without extras, or a pooling, of the image "
                       "between its kernels");
  if (getStepRows() < 1 || getStepColumns() < 1 || getBandRows() < getStepRows())
    return emitOpError("needs steps of at least 1 output and bands of at least a step");
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

SmallVector<int64_t> PairOp::getRingShape() {
  ArrayRef<int64_t> middle = shapeOf(getMiddle());
  SlidingWindow window = windowOf(getReader());
  auto extent = [&](int dim, int64_t outputs) {
    return std::min((outputs - 1) * window.strides[dim] + window.span[dim], middle[2 + dim]);
  };
  return {1, getConv().getTile().getCols(), extent(0, getStepRows()), extent(1, getStepColumns()),
          middle[4]};
}

// A multiple of a cache line.
int64_t PairOp::getScratchBytes() {
  return llvm::alignTo(4 * ShapedType::getNumElements(getRingShape()), 64);
}

SmallVector<OpFoldResult> PairOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getOut(), {0});
  items.push_back(builder.getIndexAttr(shapeOf(getConv().getWeights())[0]));
  items.push_back(builder.getIndexAttr(llvm::divideCeil(shapeOf(getOut())[2], getBandRows())));
  return items;
}

int64_t PairOp::getFlopsPerItem() {
  ConvOp conv = getConv();
  int64_t rows = shapeOf(getOut())[2];
  int64_t image = conv.getFlopsPerItem() * shapeOf(getMiddle())[2] +
                  getReader().getFlopsPerItem() * rows * conv.getTile().getCols();
  return image / llvm::divideCeil(rows, getBandRows());
}

void PairOp::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }
