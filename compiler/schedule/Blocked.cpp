//===- Blocked.cpp - values in blocked layouts --------------------------------------===//

#include "compiler/schedule/Blocked.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::Layout;

Value Blocker::empty(Location loc, ArrayRef<int64_t> shape) {
  SmallVector<Value> dynamic(llvm::count_if(shape, ShapedType::isDynamic), batch);
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  return tensor::EmptyOp::create(builder, loc, type, dynamic);
}

SmallVector<OpFoldResult> Blocker::extents(RankedTensorType type) {
  return llvm::map_to_vector(type.getShape(), [&](int64_t extent) -> OpFoldResult {
    return ShapedType::isDynamic(extent) ? OpFoldResult(batch) : builder.getIndexAttr(extent);
  });
}

// The blocked value that `plain` was unpacked from.
static Value blockedOrigin(Value plain, Layout layout) {
  auto unpack = plain.getDefiningOp<kernel::UnpackOp>();
  return unpack && unpack.getLayout() == layout ? unpack.getInput() : Value();
}

// The same, if its lanes are the target's.
static Value blockedOrigin(Value plain, Layout layout, int64_t lanes) {
  Value origin = blockedOrigin(plain, layout);
  return origin && typeOf(origin).getShape().back() == lanes ? origin : Value();
}

Value Blocker::blockedImage(Value plain) const { return blockedOrigin(plain, Layout::Image); }

bool Blocker::isBlocked(Value plain, Layout layout) const {
  return blockedOrigin(plain, layout, facts.lanes) != nullptr;
}

Value Blocker::pack(Location loc, Value plain, Layout layout, int64_t cols, int64_t block) {
  if (Value origin = blockedOrigin(plain, layout, facts.lanes))
    return origin;
  Value out = empty(
      loc, kernel::getBlockedShape(layout, typeOf(plain).getShape(), facts.lanes, cols, block));
  return kernel::PackOp::create(builder, loc, out.getType(), plain, out, layout).getResult()[0];
}

Value Blocker::packConvInput(Location loc, Value image) {
  if (Value origin = blockedImage(image))
    return origin;
  if (typeOf(image).getDimSize(3) > facts.lanes)
    return pack(loc, image, Layout::Image);
  return asOneBlock(loc, image);
}

Value Blocker::asOneBlock(Location loc, Value image) {
  ArrayRef<int64_t> shape = typeOf(image).getShape();
  RankedTensorType blocked = typeOf(image).clone({shape[0], 1, shape[1], shape[2], shape[3]});
  SmallVector<ReassociationIndices> groups = {{0, 1}, {2}, {3}, {4}};
  return tensor::ExpandShapeOp::create(builder, loc, blocked, image, groups, extents(blocked));
}

Value Blocker::packDenseInput(Location loc, Value matrix) {
  if (Value origin = blockedOrigin(matrix, Layout::Matrix, facts.lanes))
    return origin;
  // [M, K] is [1, M, K]: one block that holds the depth exactly.
  ArrayRef<int64_t> shape = typeOf(matrix).getShape();
  RankedTensorType blocked = typeOf(matrix).clone({1, shape[0], shape[1]});
  SmallVector<ReassociationIndices> groups = {{0, 1}, {2}};
  return tensor::ExpandShapeOp::create(builder, loc, blocked, matrix, groups, extents(blocked));
}

Value Blocker::unpack(Location loc, Value blocked, Type plain, Layout layout) {
  Value out = empty(loc, cast<RankedTensorType>(plain).getShape());
  return kernel::UnpackOp::create(builder, loc, plain, blocked, out, layout).getResult()[0];
}

Value Blocker::packBias(Location loc, Value bias, int64_t channels) {
  if (bias)
    return pack(loc, bias, Layout::Vector);
  auto type = RankedTensorType::get(
      kernel::getBlockedShape(Layout::Vector, {channels}, facts.lanes), builder.getF32Type());
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}
