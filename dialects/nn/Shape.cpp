//===- Shape.cpp - ops that move data -----------------------------------------------===//

#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Shape.cpp.inc"

// Elements of one sample; the batch is the first extent.
static int64_t sampleSize(RankedTensorType type) {
  return ShapedType::getNumElements(type.getShape().drop_front());
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType from = getX().getType(), to = getType();
  if (from.hasStaticShape() && to.hasStaticShape()) {
    if (from.getNumElements() != to.getNumElements())
      return emitOpError("cannot shape ")
             << from.getNumElements() << " elements as " << to.getNumElements();
    return success();
  }
  if (from.getRank() < 1 || to.getRank() < 1 || !from.isDynamicDim(0) || !to.isDynamicDim(0) ||
      from.getNumDynamicDims() != 1 || to.getNumDynamicDims() != 1)
    return emitOpError("keeps the batch as its only dynamic, first dimension");
  if (sampleSize(from) != sampleSize(to))
    return emitOpError("cannot shape ")
           << sampleSize(from) << " elements a sample as " << sampleSize(to);
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getX().getType() == getType())
    return getX();
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    getXMutable().assign(inner.getX());
    return getResult();
  }
  return {};
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  SmallVector<int64_t> shape(x.getShape());
  if (adaptor.getLow().size() != shape.size() || adaptor.getHigh().size() != shape.size())
    return emitOptionalError(loc, "low and high need ", shape.size(), " entries, one a dimension");
  for (auto [extent, low, high] : llvm::zip_equal(shape, adaptor.getLow(), adaptor.getHigh())) {
    if (low < 0 || high < 0)
      return emitOptionalError(loc, "padding must be at least 0");
    if (ShapedType::isDynamic(extent) && low + high != 0)
      return emitOptionalError(loc, "the batch dimension cannot be padded");
    if (!ShapedType::isDynamic(extent))
      extent += low + high;
  }
  types.push_back(x.clone(shape));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  if (adaptor.getXs().empty())
    return emitOptionalError(loc, "a concatenation needs at least one input");
  auto first = cast<RankedTensorType>(adaptor.getXs().front().getType());
  int64_t axis = adaptor.getAxis();
  if (axis < 1 || axis >= first.getRank())
    return emitOptionalError(loc, "axis ", axis, " must lie between 1 and ", first.getRank() - 1);
  SmallVector<int64_t> shape(first.getShape());
  for (Value x : adaptor.getXs())
    if (auto type = cast<RankedTensorType>(x.getType());
        axis < type.getRank() && type.isDynamicDim(axis))
      return emitOptionalError(loc, "inputs cannot be concatenated along the batch");
  for (Value x : adaptor.getXs().drop_front()) {
    auto type = cast<RankedTensorType>(x.getType());
    SmallVector<int64_t> other(type.getShape());
    if (type.getRank() != first.getRank())
      return emitOptionalError(loc, "inputs of rank ", first.getRank(), " and ", type.getRank(),
                               " cannot be concatenated");
    shape[axis] += std::exchange(other[axis], shape[axis]);
    other[axis] = shape[axis];
    if (other != shape)
      return emitOptionalError(loc, "inputs may differ along axis ", axis, " only, but ", first,
                               " and ", type, " differ elsewhere");
  }
  types.push_back(first.clone(shape));
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  ArrayRef<int64_t> perm = adaptor.getPerm();
  SmallVector<int64_t> shape;
  SmallVector<bool> seen(x.getRank(), false);
  for (int64_t dim : perm) {
    if (dim < 0 || dim >= x.getRank() || std::exchange(seen[dim], true))
      return emitOptionalError(loc, "perm must name each dimension of the input once");
    shape.push_back(x.getDimSize(dim));
  }
  if (static_cast<int64_t>(perm.size()) != x.getRank())
    return emitOptionalError(loc, "perm must name each dimension of the input once");
  types.push_back(x.clone(shape));
  return success();
}

LogicalResult DropoutOp::verify() {
  double rate = getRate().convertToDouble();
  if (!(rate >= 0.0 && rate < 1.0))
    return emitOpError("needs a rate in [0, 1), not ") << rate;
  return success();
}

OpFoldResult DropoutOp::fold(FoldAdaptor) { return getRate().isZero() ? getX() : Value(); }

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  SmallVector<int64_t> shape;
  if (static_cast<int64_t>(adaptor.getOffsets().size()) != x.getRank() ||
      static_cast<int64_t>(adaptor.getSizes().size()) != x.getRank())
    return emitOptionalError(loc, "offsets and sizes need ", x.getRank(),
                             " entries, one a dimension");
  for (auto [extent, offset, size] :
       llvm::zip_equal(x.getShape(), adaptor.getOffsets(), adaptor.getSizes())) {
    bool whole = size == -1 && offset == 0;
    if (ShapedType::isDynamic(extent)
            ? !whole
            : (!whole && (offset < 0 || size < 1 || size > extent - offset)))
      return emitOptionalError(loc, "a slice of ", size, " from ", offset, " on does not lie in ",
                               x);
    shape.push_back(whole ? extent : size);
  }
  types.push_back(x.clone(shape));
  return success();
}

LogicalResult InterleaveOp::verify() {
  ArrayRef<int64_t> strides = getStrides();
  if (strides.size() != 2 || strides[0] < 1 || strides[1] < 1)
    return emitOpError("needs 2 strides of at least 1");
  if (getPhases().size() != getParts().size())
    return emitOpError("needs one phase for each part");
  llvm::SmallDenseSet<int64_t> seen;
  for (auto [phase, part] : llvm::zip_equal(getPhases(), getParts())) {
    if (phase < 0 || phase >= strides[0] * strides[1] || !seen.insert(phase).second)
      return emitOpError("needs different phases of at least 0 and less than ")
             << strides[0] * strides[1];
    SmallVector<int64_t> shape(getType().getShape());
    int64_t first[] = {phase / strides[1], phase % strides[1]};
    for (int dim : {0, 1})
      shape[1 + dim] =
          llvm::divideCeil(std::max<int64_t>(shape[1 + dim] - first[dim], 0), strides[dim]);
    if (cast<RankedTensorType>(part.getType()).getShape() != ArrayRef(shape))
      return emitOpError("needs a part of type ")
             << getType().clone(shape) << " for phase " << phase << ", not " << part.getType();
  }
  return success();
}
