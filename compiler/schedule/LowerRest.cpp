//===- LowerRest.cpp - poolings, concatenation and elementwise ops, blocked ---------===//

#include "compiler/ops/Ops.h"
#include "compiler/schedule/Lower.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/AffineMap.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::Layout;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

Value dlc::schedule::findBatch(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), nn::kBatchAttr))
      return argument;
  return {};
}

static Value buildPool(Blocker &blocker, Location loc, Value image, RankedTensorType plainResult,
                       nn::PoolKind kind, ArrayRef<int64_t> window, ArrayRef<int64_t> strides,
                       ArrayRef<int64_t> padding, bool countIncludePad) {
  Value input = blocker.pack(loc, image, Layout::Image);
  Value out = blocker.empty(
      loc, kernel::getBlockedShape(Layout::Image, plainResult.getShape(), blocker.facts.lanes));
  auto pool = kernel::PoolOp::create(blocker.builder, loc, out.getType(), input, out, kind, window,
                                     strides, padding, countIncludePad);
  return blocker.unpack(loc, pool.getResult()[0], plainResult, Layout::Image);
}

// An image that is not blocked yet is worth blocking only if its lanes are mostly used.
static bool worthBlocking(Blocker &blocker, Value image) {
  return blocker.isBlocked(image) || typeOf(image).getDimSize(3) * 2 >= blocker.facts.lanes;
}

Value dlc::schedule::lowerPool(Blocker &blocker, nn::Pool2DOp pool) {
  if (!worthBlocking(blocker, pool.getX()))
    return {};
  return buildPool(blocker, pool.getLoc(), pool.getX(), pool.getType(), pool.getKind(),
                   pool.getWindow(), pool.getStrides(), pool.getPadding(), pool.getCountIncludePad());
}

// A global pooling is a window of the whole image.
Value dlc::schedule::lowerGlobalPool(Blocker &blocker, nn::GlobalPool2DOp pool) {
  if (!worthBlocking(blocker, pool.getX()))
    return {};
  ArrayRef<int64_t> shape = typeOf(pool.getX()).getShape();
  auto pixel = typeOf(pool.getX()).clone({shape[0], 1, 1, shape[3]});
  Value pooled = buildPool(blocker, pool.getLoc(), pool.getX(), pixel, pool.getKind(),
                           shape.slice(1, 2), {1, 1}, {0, 0, 0, 0}, false);
  return nn::ReshapeOp::create(blocker.builder, pool.getLoc(), pool.getType(), pooled);
}

// Along channels, blocks follow one another if every part but the last fills its blocks. Each part is
// inserted into one destination, which bufferization lets the parts' producers write to.
Value dlc::schedule::lowerConcat(Blocker &blocker, nn::ConcatOp concat) {
  OpBuilder &builder = blocker.builder;
  Location loc = concat.getLoc();
  RankedTensorType type = concat.getType();
  if (type.getRank() != 4 || concat.getAxis() != 3)
    return {};
  for (Value x : concat.getXs())
    if (!blocker.isBlocked(x) ||
        (x != concat.getXs().back() && typeOf(x).getDimSize(3) % blocker.facts.lanes))
      return {};
  Value out = blocker.empty(
      loc, kernel::getBlockedShape(Layout::Image, type.getShape(), blocker.facts.lanes));
  SmallVector<OpFoldResult> offsets(5, builder.getIndexAttr(0)), strides(5, builder.getIndexAttr(1));
  int64_t block = 0;
  for (Value x : concat.getXs()) {
    Value part = blocker.pack(loc, x, Layout::Image);
    SmallVector<OpFoldResult> sizes = llvm::map_to_vector(
        typeOf(part).getShape(), [&](int64_t extent) -> OpFoldResult {
          return ShapedType::isDynamic(extent) ? OpFoldResult(blocker.batch)
                                               : builder.getIndexAttr(extent);
        });
    offsets[1] = builder.getIndexAttr(block);
    out = tensor::InsertSliceOp::create(builder, loc, part, out, offsets, sizes, strides);
    block += typeOf(part).getDimSize(1);
  }
  return blocker.unpack(loc, out, type, Layout::Image);
}

// Between blocked images, an elementwise op works on blocks: images by their own indices, vectors by
// block and lane.
Value dlc::schedule::lowerElementwise(Blocker &blocker, nn::ElementwiseOpInterface op) {
  MLIRContext *context = op.getContext();
  auto result = typeOf(op->getResult(0));
  auto isBlockedImage = [&](Value value) { return blocker.isBlocked(value); };
  if (result.getRank() != 4 || llvm::none_of(op->getOperands(), isBlockedImage) ||
      !llvm::all_of(op->getOperands(), [](Value v) { return typeOf(v).getElementType().isF32(); }))
    return {};
  AffineMap image = AffineMap::getMultiDimIdentityMap(5, context);
  AffineMap vector = image.getSubMap({1, 4});
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (Value operand : op->getOperands()) {
    bool isVector = typeOf(operand).getRank() == 1;
    operands.push_back(
        blocker.pack(op.getLoc(), operand, isVector ? Layout::Vector : Layout::Image));
    maps.push_back(isVector ? vector : image);
  }
  auto blocked = result.clone(
      kernel::getBlockedShape(Layout::Image, result.getShape(), blocker.facts.lanes));
  Value value = buildElementwiseGeneric(blocker.builder, op.getLoc(), op, operands, maps, blocked,
                                        blocker.batch);
  return blocker.unpack(op.getLoc(), value, result, Layout::Image);
}

Value dlc::schedule::lowerToKernel(Blocker &blocker, Operation *op) {
  if (auto group = dyn_cast<nn::GroupOp>(op))
    return lowerGroup(blocker, group);
  if (auto pool = dyn_cast<nn::Pool2DOp>(op))
    return lowerPool(blocker, pool);
  if (auto pool = dyn_cast<nn::GlobalPool2DOp>(op))
    return lowerGlobalPool(blocker, pool);
  if (auto concat = dyn_cast<nn::ConcatOp>(op))
    return lowerConcat(blocker, concat);
  if (auto elementwise = dyn_cast<nn::ElementwiseOpInterface>(op))
    return lowerElementwise(blocker, elementwise);
  return {};
}
