//===- LowerGroup.cpp - groups as multiply-accumulate kernels -----------------------===//

#include "compiler/schedule/Lower.h"
#include "compiler/schedule/Tiles.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::Layout;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

namespace {

// What the anchor reads, seen from outside its group.
struct GroupOperands {
  nn::GroupOp group;
  Value outer(Value inner) {
    return inner ? group.getInputs()[cast<BlockArgument>(inner).getArgNumber()] : Value();
  }
};

} // namespace

// Other operands of the epilogue's ops, blocked like the output: residuals in `layout`, per-channel
// vectors in the vector layout.
static SmallVector<Value> packExtras(Blocker &blocker, nn::GroupOp group, Layout layout,
                                     SmallVectorImpl<Value> &inner) {
  SmallVector<Value> extras;
  Operation *anchor = group.getAnchor();
  for (Operation &op : group.getBody().front().without_terminator()) {
    if (&op == anchor)
      continue;
    for (Value operand : op.getOperands()) {
      auto argument = dyn_cast<BlockArgument>(operand);
      if (!argument || llvm::is_contained(inner, operand))
        continue;
      Value outer = group.getInputs()[argument.getArgNumber()];
      Layout extraLayout = shapeOf(outer).size() == 1 ? Layout::Vector : layout;
      inner.push_back(operand);
      extras.push_back(blocker.pack(op.getLoc(), outer, extraLayout));
    }
  }
  return extras;
}

// The region that maps (accumulator, extras...) to the stored element.
static void buildEpilogue(Blocker &blocker, Region &region, nn::GroupOp group,
                          ArrayRef<Value> innerExtras) {
  OpBuilder::InsertionGuard guard(blocker.builder);
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  SmallVector<Type> types(innerExtras.size() + 1, builder.getF32Type());
  Block *block = builder.createBlock(&region, {}, types, SmallVector<Location>(types.size(), loc));
  IRMapping scalars;
  Operation *anchor = group.getAnchor();
  scalars.map(anchor->getResult(0), block->getArgument(0));
  for (auto [index, extra] : llvm::enumerate(innerExtras))
    scalars.map(extra, block->getArgument(index + 1));
  Value last = block->getArgument(0);
  for (Operation &op : group.getBody().front().without_terminator()) {
    if (&op == anchor)
      continue;
    SmallVector<Value> operands = llvm::map_to_vector(
        op.getOperands(), [&](Value operand) { return scalars.lookup(operand); });
    last = cast<nn::ElementwiseOpInterface>(op).buildScalar(builder, op.getLoc(), operands);
    scalars.map(op.getResult(0), last);
  }
  kernel::YieldOp::create(builder, loc, last);
}

static Value lowerConv(Blocker &blocker, nn::GroupOp group, nn::Conv2DOp conv) {
  GroupOperands operands{group};
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  Value kernel = operands.outer(conv.getKernel());
  int64_t lanes = blocker.facts.lanes, groups = conv.getGroups();
  int64_t channels = shapeOf(kernel)[2], filters = shapeOf(kernel)[3];
  // A block must not straddle two groups.
  if (groups > 1 && (channels % lanes || (filters / groups) % lanes))
    return {};
  ArrayRef<int64_t> result = conv.getType().getShape();
  int64_t blocks = llvm::divideCeil(filters / groups, lanes);
  kernel::TileAttr tile = chooseTile(builder.getContext(), blocker.facts, result[2], blocks, groups > 1);

  Value input = blocker.packConvInput(loc, operands.outer(conv.getX()));
  Value weights = blocker.pack(loc, kernel, Layout::Conv, tile.getCols(), shapeOf(input).back());
  Value bias = blocker.packBias(loc, operands.outer(conv.getBias()), filters);
  SmallVector<Value> inner;
  SmallVector<Value> extras = packExtras(blocker, group, Layout::Image, inner);
  Value out = blocker.empty(loc, kernel::getBlockedShape(Layout::Image, result, lanes));
  auto op = kernel::ConvOp::create(builder, loc, out.getType(), input, weights, bias, extras, out,
                                   conv.getStrides(), conv.getPadding(), conv.getDilations(), groups,
                                   channels, tile);
  buildEpilogue(blocker, op.getEpilogue(), group, inner);
  return blocker.unpack(loc, op.getResult()[0], group.getType(), Layout::Image);
}

static Value lowerDepthwise(Blocker &blocker, nn::GroupOp group, nn::DepthwiseConv2DOp conv) {
  GroupOperands operands{group};
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  Value kernel = operands.outer(conv.getKernel());
  ArrayRef<int64_t> k = shapeOf(kernel);
  if (k[3] != 1)
    return {};
  auto flat = cast<RankedTensorType>(kernel.getType()).clone({k[0], k[1], k[2]});
  kernel = nn::ReshapeOp::create(builder, loc, flat, kernel);
  ArrayRef<int64_t> result = conv.getType().getShape();
  int64_t lanes = blocker.facts.lanes;

  Value input = blocker.pack(loc, operands.outer(conv.getX()), Layout::Image);
  Value weights = blocker.pack(loc, kernel, Layout::Depthwise);
  Value bias = blocker.packBias(loc, operands.outer(conv.getBias()), result[3]);
  SmallVector<Value> inner;
  SmallVector<Value> extras = packExtras(blocker, group, Layout::Image, inner);
  Value out = blocker.empty(loc, kernel::getBlockedShape(Layout::Image, result, lanes));
  auto op = kernel::DepthwiseOp::create(
      builder, loc, out.getType(), input, weights, bias, extras, out, conv.getStrides(),
      conv.getPadding(), conv.getDilations(),
      chooseDepthwiseTile(builder.getContext(), blocker.facts, result[2], k[1]));
  buildEpilogue(blocker, op.getEpilogue(), group, inner);
  return blocker.unpack(loc, op.getResult()[0], group.getType(), Layout::Image);
}

static Value lowerDense(Blocker &blocker, nn::GroupOp group, nn::DenseOp dense) {
  GroupOperands operands{group};
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  Value kernel = operands.outer(dense.getKernel());
  ArrayRef<int64_t> result = dense.getType().getShape();
  if (result.size() != 2)
    return {};
  int64_t lanes = blocker.facts.lanes, depth = shapeOf(kernel)[0], units = shapeOf(kernel)[1];
  kernel::TileAttr tile =
      chooseGemmTile(builder.getContext(), blocker.facts, llvm::divideCeil(units, lanes));

  Value input = blocker.pack(loc, operands.outer(dense.getX()), Layout::Matrix);
  Value weights = blocker.pack(loc, kernel, Layout::Dense, tile.getCols());
  Value bias = blocker.packBias(loc, operands.outer(dense.getBias()), units);
  SmallVector<Value> inner;
  SmallVector<Value> extras = packExtras(blocker, group, Layout::Matrix, inner);
  Value out = blocker.empty(loc, kernel::getBlockedShape(Layout::Matrix, result, lanes));
  auto op = kernel::GemmOp::create(builder, loc, out.getType(), input, weights, bias, extras, out,
                                   depth, tile);
  buildEpilogue(blocker, op.getEpilogue(), group, inner);
  return blocker.unpack(loc, op.getResult()[0], group.getType(), Layout::Matrix);
}

Value dlc::schedule::lowerGroup(Blocker &blocker, nn::GroupOp group) {
  Operation *anchor = group.getAnchor();
  if (auto conv = dyn_cast<nn::Conv2DOp>(anchor))
    return lowerConv(blocker, group, conv);
  if (auto conv = dyn_cast<nn::DepthwiseConv2DOp>(anchor))
    return lowerDepthwise(blocker, group, conv);
  if (auto dense = dyn_cast<nn::DenseOp>(anchor))
    return lowerDense(blocker, group, dense);
  return {};
}
