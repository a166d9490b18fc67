//===- Shape.cpp - ops that move data -----------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

static LoweredValues lowerReshape(nn::ReshapeOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  return SmallVector<Value>{build.reshaped(op.getX(), op.getType())};
}

static LoweredValues lowerPad(nn::PadOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  return SmallVector<Value>{
      build.padded(op.getX(), op.getLow(), op.getHigh(), op.getValue().convertToDouble())};
}

namespace {
struct Part {
  Value value;
  int64_t position; // along the axis
};
} // namespace

// The parts in the order in which they are computed; arguments of the function come last.
static SmallVector<Part> orderedParts(nn::ConcatOp op) {
  SmallVector<Part> parts;
  int64_t position = 0;
  for (Value x : op.getXs()) {
    parts.push_back({x, position});
    position += cast<RankedTensorType>(x.getType()).getDimSize(op.getAxis());
  }
  llvm::sort(parts, [](const Part &a, const Part &b) {
    Operation *first = a.value.getDefiningOp(), *second = b.value.getDefiningOp();
    if (first == second)
      return a.position < b.position;
    return first && second ? first->isBeforeInBlock(second) : first != nullptr;
  });
  return parts;
}

// Every part goes into its slice of one destination as soon as it is computed: bufferization lets a
// producer write into a slice only if that stands before the producer.
static LoweredValues lowerConcat(nn::ConcatOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<OpFoldResult> offsets(op.getType().getRank(), builder.getIndexAttr(0));
  Value result;
  for (const Part &part : orderedParts(op)) {
    Operation *producer = part.value.getDefiningOp();
    if (!result) {
      builder.setInsertionPoint(producer ? producer : op.getOperation());
      result = build.empty(op.getType());
    }
    if (!producer)
      builder.setInsertionPoint(op);
    else if (!producer->isBeforeInBlock(result.getDefiningOp()))
      builder.setInsertionPointAfter(producer);
    offsets[op.getAxis()] = builder.getIndexAttr(part.position);
    result = build.inserted(part.value, result, offsets);
  }
  return SmallVector<Value>{result};
}

static LoweredValues lowerInterleave(nn::InterleaveOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto index = [&](int64_t value) { return OpFoldResult(builder.getIndexAttr(value)); };
  ArrayRef<int64_t> strides = op.getStrides();
  Value result = op.isCovered() ? build.empty(op.getType()) : build.filled(op.getType(), 0);
  for (auto [phase, part] : llvm::zip_equal(op.getPhases(), op.getParts()))
    result = build.inserted(
        part, result, {index(0), index(phase / strides[1]), index(phase % strides[1]), index(0)},
        {index(1), index(strides[0]), index(strides[1]), index(1)});
  return SmallVector<Value>{result};
}

static LoweredValues lowerSlice(nn::SliceOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  SmallVector<OpFoldResult> sizes = build.extents(op.getType());
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  SmallVector<OpFoldResult> offsets = getAsIndexOpFoldResult(op.getContext(), op.getOffsets());
  Value box = tensor::ExtractSliceOp::create(builder, op.getLoc(), op.getType(), op.getX(), offsets,
                                             sizes, strides);
  return SmallVector<Value>{
      linalg::CopyOp::create(builder, op.getLoc(), box, build.empty(op.getType())).getResult(0)};
}

static LoweredValues lowerTranspose(nn::TransposeOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto transpose = linalg::TransposeOp::create(builder, op.getLoc(), op.getX(),
                                               build.empty(op.getType()), op.getPerm());
  return SmallVector<Value>(transpose->getResults());
}

// Stays until no pass looks for equal ops any more; see memory's BufferArguments.
static LoweredValues lowerBarrier(nn::BarrierOp op, OpBuilder &builder, Value) {
  return SmallVector<Value>{nn::BarrierOp::create(builder, op.getLoc(), op.getType(), op.getX())};
}

static LoweredValues lowerDropout(nn::DropoutOp op, OpBuilder &, Value) {
  return SmallVector<Value>{op.getX()};
}

// The part of `x` from `offsets` on that is as large as `type`.
static Value sliced(OpBuilder &builder, Location loc, Value x, ArrayRef<int64_t> offsets,
                    RankedTensorType type) {
  SmallVector<int64_t> sizes = llvm::map_to_vector(type.getShape(), [](int64_t extent) {
    return ShapedType::isDynamic(extent) ? int64_t(-1) : extent;
  });
  return nn::SliceOp::create(builder, loc, x, offsets, sizes);
}

static LogicalResult differentiateReshape(nn::ReshapeOp op, OpBuilder &builder, ValueRange upstream,
                                          ArrayRef<bool>, Values &gradients) {
  gradients[0] = nn::ReshapeOp::create(builder, op.getLoc(), op.getX().getType(), upstream.front());
  return success();
}

static LogicalResult differentiatePad(nn::PadOp op, OpBuilder &builder, ValueRange upstream,
                                      ArrayRef<bool>, Values &gradients) {
  gradients[0] = sliced(builder, op.getLoc(), upstream.front(), op.getLow(), op.getX().getType());
  return success();
}

static LogicalResult differentiateSlice(nn::SliceOp op, OpBuilder &builder, ValueRange upstream,
                                        ArrayRef<bool>, Values &gradients) {
  SmallVector<int64_t> high;
  for (auto [offset, extent, size] :
       llvm::zip_equal(op.getOffsets(), op.getX().getType().getShape(), op.getType().getShape()))
    high.push_back(ShapedType::isDynamic(extent) ? 0 : extent - offset - size);
  gradients[0] = nn::PadOp::create(builder, op.getLoc(), upstream.front(), op.getOffsets(), high,
                                   APFloat(0.0f));
  return success();
}

static LogicalResult differentiateConcat(nn::ConcatOp op, OpBuilder &builder, ValueRange upstream,
                                         ArrayRef<bool> wanted, Values &gradients) {
  SmallVector<int64_t> offsets(op.getType().getRank(), 0);
  for (auto [i, x] : llvm::enumerate(op.getXs())) {
    auto type = cast<RankedTensorType>(x.getType());
    if (wanted[i])
      gradients[i] = sliced(builder, op.getLoc(), upstream.front(), offsets, type);
    offsets[op.getAxis()] += type.getDimSize(op.getAxis());
  }
  return success();
}

static LogicalResult differentiateTranspose(nn::TransposeOp op, OpBuilder &builder,
                                            ValueRange upstream, ArrayRef<bool>,
                                            Values &gradients) {
  gradients[0] = nn::TransposeOp::create(builder, op.getLoc(), upstream.front(),
                                         invertPermutationVector(op.getPerm()));
  return success();
}

void dlc::ops::addShapeModels(MLIRContext *context) {
  addLinalg<nn::ReshapeOp, lowerReshape>(context);
  addLinalg<nn::PadOp, lowerPad>(context);
  addLinalg<nn::ConcatOp, lowerConcat>(context);
  addLinalg<nn::InterleaveOp, lowerInterleave>(context);
  addLinalg<nn::TransposeOp, lowerTranspose>(context);
  addLinalg<nn::SliceOp, lowerSlice>(context);
  addLinalg<nn::BarrierOp, lowerBarrier>(context);
  addLinalg<nn::DropoutOp, lowerDropout>(context);
  addGradient<nn::ReshapeOp, differentiateReshape>(context);
  addGradient<nn::PadOp, differentiatePad>(context);
  addGradient<nn::SliceOp, differentiateSlice>(context);
  addGradient<nn::ConcatOp, differentiateConcat>(context);
  addGradient<nn::TransposeOp, differentiateTranspose>(context);
}
