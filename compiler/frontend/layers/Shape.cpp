//===- Shape.cpp - dense layers' neighbours: flatten, reshape, pad, concatenate -----===//

#include "compiler/frontend/layers/Layers.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;

namespace dlc::frontend {

// Elements of a sample; bounded by the checks on every tensor.
static int64_t sampleSize(Value x) {
  return ShapedType::getNumElements(cast<RankedTensorType>(x.getType()).getShape().drop_front());
}

static FailureOr<Tensor> plain(FailureOr<Value> y) {
  if (failed(y))
    return failure();
  return Tensor{*y};
}

FailureOr<Tensor> buildFlatten(LayerBuilder &b) {
  FailureOr<Value> x = b.logical();
  if (failed(x))
    return failure();
  return plain(b.reshape(*x, sampleSize(*x)));
}

FailureOr<Tensor> buildReshape(LayerBuilder &b) {
  FailureOr<Value> x = b.logical();
  if (failed(x))
    return failure();
  SmallVector<int64_t> shape(b.integers("target_shape"));
  int64_t size = sampleSize(*x), known = 1, *rest = nullptr;
  if (shape.empty() || shape.size() > 7)
    return b.error("target_shape", "\"target_shape\" needs 1 to 7 extents");
  for (int64_t &extent : shape) {
    if (extent == 0 || (extent < 0 && rest))
      return b.error("target_shape", extent ? "\"target_shape\" may have one -1 only"
                                            : "an extent of \"target_shape\" must not be 0");
    if (extent < 0)
      rest = &extent;
    else
      known = llvm::checkedMul(known, extent).value_or(0);
    if (known == 0 || known > size)
      return b.error("target_shape",
                     "\"target_shape\" has more elements than the input's " + Twine(size));
  }
  if (rest ? size % known != 0 : size != known)
    return b.error("target_shape", "the input's " + Twine(size) + " elements do not fill it");
  if (rest)
    *rest = size / known;
  return plain(b.reshape(*x, shape));
}

static FailureOr<Tensor> pad(LayerBuilder &b, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  FailureOr<Value> x = b.image();
  if (failed(x))
    return failure();
  FailureOr<Value> y = b.create<nn::PadOp>(*x, {b.attr("low", low), b.attr("high", high)});
  if (failed(y))
    return failure();
  return b.imageResult(*y);
}

FailureOr<Tensor> buildZeroPadding2D(LayerBuilder &b) {
  auto amounts = b.integers("padding");
  return pad(b, {0, amounts[0], amounts[2], 0}, {0, amounts[1], amounts[3], 0});
}

FailureOr<Tensor> buildChannelPad(LayerBuilder &b) {
  return pad(b, {0, 0, 0, b.integer("before")}, {0, 0, 0, b.integer("after")});
}

FailureOr<Tensor> buildConcatenate(LayerBuilder &b) {
  int64_t rank = b.stored().type().getRank(), given = b.integer("axis");
  int64_t axis = given < 0 ? given + rank : given;
  if (axis < 1 || axis >= rank)
    return b.error("axis", "axis " + Twine(given) + " must lie between 1 and " + Twine(rank - 1) +
                               " (or be negative, from the end); 0 is the batch");
  bool allFirst = llvm::all_of(b.inputs(), [](const Tensor &x) { return x.channelsFirst; });
  SmallVector<Value> values;
  for (unsigned i = 0; i < b.inputs().size(); ++i) {
    FailureOr<Value> value = allFirst ? FailureOr<Value>(b.stored(i).value) : b.logical(i);
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  if (allFirst) // stored channels last
    axis = axis == 1 ? 3 : axis - 1;
  FailureOr<Value> y = b.create<nn::ConcatOp>(values, b.attr("axis", axis));
  if (failed(y))
    return failure();
  return Tensor{*y, allFirst};
}

} // namespace dlc::frontend
