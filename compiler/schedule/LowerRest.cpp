//===- LowerRest.cpp - poolings, concatenation, padding, elementwise ops, blocked ---===//

#include "compiler/ops/Ops.h"
#include "compiler/schedule/Lower.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/AffineMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::Layout;

static Value buildPool(Blocker &blocker, Location loc, Value image, RankedTensorType plainResult,
                       nn::PoolKind kind, ArrayRef<int64_t> window, ArrayRef<int64_t> strides,
                       ArrayRef<int64_t> padding, bool countIncludePad) {
  Value input = blocker.blockedImage(image);
  if (!input)
    input = blocker.pack(loc, image, Layout::Image);
  Value out = blocker.empty(loc, kernel::getBlockedShape(Layout::Image, plainResult.getShape(),
                                                         typeOf(input).getShape().back()));
  auto pool = kernel::PoolOp::create(blocker.builder, loc, out.getType(), input, out, kind, window,
                                     strides, padding, countIncludePad);
  return blocker.unpack(loc, pool.getResult()[0], plainResult, Layout::Image);
}

// An image that is not blocked yet is worth blocking only if its lanes are mostly used.
static bool worthBlocking(Blocker &blocker, Value image) {
  return blocker.blockedImage(image) || typeOf(image).getDimSize(3) * 2 >= blocker.facts.lanes;
}

static Value lowerPool(Blocker &blocker, nn::Pool2DOp pool) {
  if (!worthBlocking(blocker, pool.getX()))
    return {};
  return buildPool(blocker, pool.getLoc(), pool.getX(), pool.getType(), pool.getKind(),
                   pool.getWindow(), pool.getStrides(), pool.getPadding(),
                   pool.getCountIncludePad());
}

// A global pooling is a window of the whole image.
static Value lowerGlobalPool(Blocker &blocker, nn::GlobalPool2DOp pool) {
  if (!worthBlocking(blocker, pool.getX()))
    return {};
  ArrayRef<int64_t> shape = typeOf(pool.getX()).getShape();
  auto pixel = typeOf(pool.getX()).clone({shape[0], 1, 1, shape[3]});
  Value pooled = buildPool(blocker, pool.getLoc(), pool.getX(), pixel, pool.getKind(),
                           shape.slice(1, 2), {1, 1}, {0, 0, 0, 0}, false);
  return nn::ReshapeOp::create(blocker.builder, pool.getLoc(), pool.getType(), pooled);
}

// Blocked by the lanes of the target: what the pooling read may have others.
static Value buildPoolBackward(Blocker &blocker, Location loc, Value gradient, Value image,
                               Value pooled, nn::PoolKind kind, ArrayRef<int64_t> window,
                               ArrayRef<int64_t> strides, ArrayRef<int64_t> padding,
                               bool countIncludePad) {
  RankedTensorType result = typeOf(image);
  SmallVector<Value> forward;
  if (kind == nn::PoolKind::Max)
    forward = {blocker.pack(loc, image, Layout::Image), blocker.pack(loc, pooled, Layout::Image)};
  Value out = blocker.empty(
      loc, kernel::getBlockedShape(Layout::Image, result.getShape(), blocker.facts.lanes));
  auto pool = kernel::PoolBackwardOp::create(blocker.builder, loc, out.getType(),
                                             blocker.pack(loc, gradient, Layout::Image), forward,
                                             out, kind, window, strides, padding, countIncludePad);
  return blocker.unpack(loc, pool.getResult()[0], result, Layout::Image);
}

static Value lowerPoolBackward(Blocker &blocker, nn::Pool2DBackwardOp pool) {
  if (!worthBlocking(blocker, pool.getX()))
    return {};
  return buildPoolBackward(blocker, pool.getLoc(), pool.getG(), pool.getX(), pool.getY(),
                           pool.getKind(), pool.getWindow(), pool.getStrides(), pool.getPadding(),
                           pool.getCountIncludePad());
}

static Value lowerGlobalPoolBackward(Blocker &blocker, nn::GlobalPool2DBackwardOp pool) {
  if (!worthBlocking(blocker, pool.getX()))
    return {};
  ArrayRef<int64_t> shape = typeOf(pool.getX()).getShape();
  auto pixel = typeOf(pool.getX()).clone({shape[0], 1, 1, shape[3]});
  auto asImage = [&](Value value) -> Value {
    return nn::ReshapeOp::create(blocker.builder, pool.getLoc(), pixel, value);
  };
  return buildPoolBackward(blocker, pool.getLoc(), asImage(pool.getG()), pool.getX(),
                           asImage(pool.getY()), pool.getKind(), shape.slice(1, 2), {1, 1},
                           {0, 0, 0, 0}, false);
}

// Blocks follow one another along channels if every part but the last fills its blocks.
static bool fillsBlocks(Blocker &blocker, nn::ConcatOp concat) {
  return concat.getAxis() == 3 && llvm::all_of(concat.getXs().drop_back(), [&](Value x) {
           return typeOf(x).getDimSize(3) % blocker.facts.lanes == 0;
         });
}

// The op that computes `part` into a destination of its own, which can as well be a slice: a kernel
// with no other result. Null where a part has to be copied.
static Operation *findWriter(Value part, ArrayRef<Value> before) {
  auto writer = part.getDefiningOp<DestinationStyleOpInterface>();
  if (!writer || llvm::is_contained(before, part) ||
      !writer.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
    return nullptr;
  return writer;
}

namespace {

// Where a part lies in a whole: unit strides, zero offsets but along one axis.
struct Slice {
  SmallVector<OpFoldResult> offsets, sizes, strides;

  Slice(Blocker &blocker, Value part, int64_t axis, int64_t position)
      : offsets(typeOf(part).getRank(), blocker.builder.getIndexAttr(0)),
        sizes(blocker.extents(typeOf(part))),
        strides(typeOf(part).getRank(), blocker.builder.getIndexAttr(1)) {
    offsets[axis] = blocker.builder.getIndexAttr(position);
  }
};

} // namespace

// Makes `writer`, which computes `part`, write into its slice of `whole`, or copies the part there.
static Value insertPart(Blocker &blocker, Location loc, Value part, Operation *writer, Value whole,
                        const Slice &slice) {
  OpBuilder &builder = blocker.builder;
  if (writer) {
    builder.setInsertionPoint(writer);
    Value place = tensor::ExtractSliceOp::create(builder, loc, typeOf(part), whole, slice.offsets,
                                                 slice.sizes, slice.strides);
    cast<DestinationStyleOpInterface>(writer).setDpsInitOperand(0, place);
    builder.setInsertionPointAfter(writer);
  }
  return tensor::InsertSliceOp::create(builder, loc, part, whole, slice.offsets, slice.sizes,
                                       slice.strides);
}

// Every part is written into its slice of one destination by the kernel that computes it. For that
// the destination stands before the first of these kernels and each insertion right after its own.
// A `background` fills what no part covers.
static Value assemble(Blocker &blocker, Location loc, ArrayRef<Value> parts, ArrayRef<Slice> slices,
                      ArrayRef<int64_t> shape, std::optional<float> background = {}) {
  OpBuilder &builder = blocker.builder;
  struct Part {
    Value value;
    size_t position;
    Operation *writer;
  };
  SmallVector<Part> sorted;
  for (auto [index, part] : llvm::enumerate(parts))
    sorted.push_back({part, index, findWriter(part, parts.take_front(index))});
  OpBuilder::InsertPoint here = builder.saveInsertionPoint();
  // In the order of their writers; parts that have to be copied come last.
  llvm::sort(sorted, [](const Part &a, const Part &b) {
    if (a.writer && b.writer)
      return a.writer->isBeforeInBlock(b.writer);
    return a.writer || b.writer ? a.writer != nullptr : a.position < b.position;
  });
  OpBuilder::InsertionGuard guard(builder);
  if (sorted.front().writer)
    builder.setInsertionPoint(sorted.front().writer);
  Value whole = blocker.empty(loc, shape);
  if (background) {
    Value value = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(*background));
    whole = linalg::FillOp::create(builder, loc, value, whole).getResult(0);
  }
  for (const Part &part : sorted) {
    if (!part.writer)
      builder.restoreInsertionPoint(here);
    whole = insertPart(blocker, loc, part.value, part.writer, whole, slices[part.position]);
  }
  return whole;
}

Value dlc::schedule::buildConcat(Blocker &blocker, Location loc, ArrayRef<Value> parts,
                                 int64_t axis, ArrayRef<int64_t> shape) {
  SmallVector<Slice> slices;
  int64_t position = 0;
  for (Value part : parts) {
    slices.emplace_back(blocker, part, axis, position);
    position += typeOf(part).getDimSize(axis);
  }
  return assemble(blocker, loc, parts, slices, shape);
}

static Value lowerConcat(Blocker &blocker, nn::ConcatOp concat) {
  RankedTensorType type = concat.getType();
  auto isBlockedImage = [&](Value x) { return blocker.isBlocked(x); };
  if (type.getRank() != 4 || !llvm::all_of(concat.getXs(), isBlockedImage) ||
      !fillsBlocks(blocker, concat))
    return {};
  SmallVector<Value> parts = llvm::map_to_vector(
      concat.getXs(), [&](Value x) { return blocker.pack(concat.getLoc(), x, Layout::Image); });
  Value whole =
      buildConcat(blocker, concat.getLoc(), parts, /*axis=*/1,
                  kernel::getBlockedShape(Layout::Image, type.getShape(), blocker.facts.lanes));
  return blocker.unpack(concat.getLoc(), whole, type, Layout::Image);
}

// The phases of a blocked image are written a stride apart.
static Value lowerInterleave(Blocker &blocker, nn::InterleaveOp op) {
  auto isBlockedImage = [&](Value x) { return blocker.isBlocked(x); };
  if (op.getParts().empty() || !llvm::all_of(op.getParts(), isBlockedImage))
    return {};
  OpBuilder &builder = blocker.builder;
  SmallVector<Value> parts;
  SmallVector<Slice> slices;
  ArrayRef<int64_t> strides = op.getStrides();
  for (auto [part, phase] : llvm::zip_equal(op.getParts(), op.getPhases())) {
    parts.push_back(blocker.pack(op.getLoc(), part, Layout::Image));
    Slice &slice = slices.emplace_back(blocker, parts.back(), /*axis=*/0, /*position=*/0);
    int64_t first[] = {phase / strides[1], phase % strides[1]};
    for (int dim : {0, 1}) {
      slice.offsets[2 + dim] = builder.getIndexAttr(first[dim]);
      slice.strides[2 + dim] = builder.getIndexAttr(strides[dim]);
    }
  }
  Value whole =
      assemble(blocker, op.getLoc(), parts, slices,
               kernel::getBlockedShape(Layout::Image, op.getType().getShape(), blocker.facts.lanes),
               op.isCovered() ? std::optional<float>() : 0.0f);
  return blocker.unpack(op.getLoc(), whole, op.getType(), Layout::Image);
}

// Padding of a blocked image is unpacked right into its place in the padded one.
static Value lowerPad(Blocker &blocker, nn::PadOp pad) {
  OpBuilder &builder = blocker.builder;
  Location loc = pad.getLoc();
  if (typeOf(pad.getX()).getRank() != 4 || !blocker.isBlocked(pad.getX()))
    return {};
  Value blocked = blocker.pack(loc, pad.getX(), Layout::Image);
  Value value = arith::ConstantOp::create(builder, loc, pad.getValueAttr());
  Value whole = blocker.empty(loc, pad.getType().getShape());
  whole = linalg::FillOp::create(builder, loc, value, whole).getResult(0);
  Value inside = blocker.unpack(loc, blocked, pad.getX().getType(), Layout::Image);
  Slice slice(blocker, inside, /*axis=*/0, /*position=*/0);
  for (auto [offset, low] : llvm::zip_equal(slice.offsets, pad.getLow()))
    offset = builder.getIndexAttr(low);
  return insertPart(blocker, loc, inside, inside.getDefiningOp(), whole, slice);
}

// Between blocked images, an elementwise op works on blocks: images by their own indices, vectors
// by block and lane, single numbers as they are.
static Value lowerElementwise(Blocker &blocker, nn::ElementwiseOpInterface op) {
  MLIRContext *context = op.getContext();
  auto result = typeOf(op->getResult(0));
  auto isBlockedImage = [&](Value value) { return blocker.isBlocked(value); };
  if (result.getRank() != 4 || llvm::none_of(op->getOperands(), isBlockedImage) ||
      !llvm::all_of(op->getOperands(), [](Value v) { return typeOf(v).getElementType().isF32(); }))
    return {};
  AffineMap image = AffineMap::getMultiDimIdentityMap(5, context);
  AffineMap vector = image.getSubMap({1, 4});
  AffineMap number = AffineMap::get(5, 0, getAffineConstantExpr(0, context));
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (Value operand : op->getOperands()) {
    if (nn::isSingleNumber(operand.getType())) {
      operands.push_back(operand);
      maps.push_back(number);
      continue;
    }
    bool isVector = typeOf(operand).getRank() == 1;
    operands.push_back(
        blocker.pack(op.getLoc(), operand, isVector ? Layout::Vector : Layout::Image));
    maps.push_back(isVector ? vector : image);
  }
  auto blocked =
      result.clone(kernel::getBlockedShape(Layout::Image, result.getShape(), blocker.facts.lanes));
  Value value = buildElementwiseGeneric(blocker.builder, op.getLoc(), op, operands, maps, blocked,
                                        blocker.batch);
  return blocker.unpack(op.getLoc(), value, result, Layout::Image);
}

// What stands in blocks stays in blocks.
static Value lowerBarrier(Blocker &blocker, nn::BarrierOp op) {
  Value blocked = blocker.blockedImage(op.getX());
  if (!blocked)
    return {};
  Value barrier = nn::BarrierOp::create(blocker.builder, op.getLoc(), blocked.getType(), blocked);
  return blocker.unpack(op.getLoc(), barrier, op.getType(), Layout::Image);
}

// Of an op with one result.
static Value lowerOne(Blocker &blocker, Operation *op) {
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](nn::GroupOp group) { return lowerGroup(blocker, group); })
      .Case([&](nn::Conv2DBackwardKernelOp op) { return lowerConvWeights(blocker, op); })
      .Case([&](nn::DepthwiseConv2DBackwardKernelOp op) {
        return lowerDepthwiseWeights(blocker, op);
      })
      .Case([&](nn::DenseBackwardKernelOp op) { return lowerDenseWeights(blocker, op); })
      .Case([&](nn::Pool2DOp pool) { return lowerPool(blocker, pool); })
      .Case([&](nn::GlobalPool2DOp pool) { return lowerGlobalPool(blocker, pool); })
      .Case([&](nn::Pool2DBackwardOp pool) { return lowerPoolBackward(blocker, pool); })
      .Case([&](nn::GlobalPool2DBackwardOp pool) { return lowerGlobalPoolBackward(blocker, pool); })
      .Case([&](nn::ReduceSumOp sum) { return lowerReduceSum(blocker, sum); })
      .Case([&](nn::ConcatOp concat) { return lowerConcat(blocker, concat); })
      .Case([&](nn::BarrierOp barrier) { return lowerBarrier(blocker, barrier); })
      .Case([&](nn::InterleaveOp interleave) { return lowerInterleave(blocker, interleave); })
      .Case([&](nn::PadOp pad) { return lowerPad(blocker, pad); })
      .Case([&](nn::ElementwiseOpInterface op) { return lowerElementwise(blocker, op); })
      .Default([](Operation *) { return Value(); });
}

SmallVector<Value> dlc::schedule::lowerToKernel(Blocker &blocker, Operation *op) {
  if (auto moments = dyn_cast<nn::MomentsOp>(op))
    return lowerMoments(blocker, moments);
  Value value = lowerOne(blocker, op);
  return value ? SmallVector<Value>{value} : SmallVector<Value>();
}
