//===- Ops.cpp - verifiers, effects and items of kernel ops -------------------------===//

#include "dialects/kernel/Checks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AffineMap.h"

using namespace mlir;
using namespace dlc::kernel;
using namespace dlc::kernel::checks;

#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.cpp.inc"

static int64_t ceilDiv(int64_t a, int64_t b) { return llvm::divideCeil(a, b); }

void checks::addEffects(Operation *op, OpOperand &out, Effects &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool write = &operand == &out;
    effects.emplace_back(write ? static_cast<MemoryEffects::Effect *>(MemoryEffects::Write::get())
                               : MemoryEffects::Read::get(),
                         &operand, 0, /*effectOnFullRegion=*/true,
                         SideEffects::DefaultResource::get());
  }
}

SmallVector<OpFoldResult> checks::extents(OpBuilder &builder, Location loc, Value value,
                                          ArrayRef<int64_t> dims) {
  SmallVector<OpFoldResult> result;
  for (int64_t dim : dims) {
    int64_t extent = shapeOf(value)[dim];
    if (!ShapedType::isDynamic(extent))
      result.push_back(builder.getIndexAttr(extent));
    else if (isa<MemRefType>(value.getType()))
      result.push_back(memref::DimOp::create(builder, loc, value, dim).getResult());
    else
      result.push_back(tensor::DimOp::create(builder, loc, value, dim).getResult());
  }
  return result;
}

LogicalResult checks::verifyDestination(Operation *op, Value out, ValueRange results) {
  for (Value operand : op->getOperands())
    if (llvm::is_contained(shapeOf(operand), 0))
      return op->emitOpError("works on extents of at least 1");
  bool onTensor = isa<RankedTensorType>(out.getType());
  if (results.size() != (onTensor ? 1u : 0u) || (onTensor && results[0].getType() != out.getType()))
    return op->emitOpError("returns its destination on tensors and nothing on memrefs");
  return success();
}

LogicalResult checks::verifyShape(Operation *op, StringRef what, Value value,
                                  ArrayRef<int64_t> expected) {
  ArrayRef<int64_t> shape = shapeOf(value);
  bool fits =
      shape.size() == expected.size() && llvm::all_of(llvm::zip(shape, expected), [](auto p) {
        auto [have, want] = p;
        return have == want || ShapedType::isDynamic(have) || ShapedType::isDynamic(want);
      });
  if (fits)
    return success();
  InFlightDiagnostic diag = op->emitOpError("needs ") << what << " of shape [";
  auto print = [&](int64_t extent) {
    ShapedType::isDynamic(extent) ? diag << "?" : diag << extent;
  };
  llvm::interleave(expected, print, [&] { diag << ", "; });
  diag << "], not [";
  llvm::interleave(shape, print, [&] { diag << ", "; });
  return diag << "]";
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

static LogicalResult verifyPacking(Operation *op, Layout layout, Value plain, Value blocked) {
  ArrayRef<int64_t> p = shapeOf(plain), b = shapeOf(blocked);
  AffineMap map;
  static constexpr unsigned ranks[] = {5, 3, 2, 7, 4, 4};
  if (b.size() == ranks[static_cast<unsigned>(layout)])
    map = getPackMap(op->getContext(), layout, b);
  if (!map || map.getNumResults() != p.size())
    return op->emitOpError("has ranks that do not fit its layout");
  bool conv = layout == Layout::Conv, dense = layout == Layout::Dense;
  SmallVector<int64_t> expected = getBlockedShape(layout, p, b.back(),
                                                  conv    ? b[5]
                                                  : dense ? b[2]
                                                          : 1,
                                                  conv ? b[4] : 1);
  return verifyShape(op, "a blocked side", blocked, expected);
}

LogicalResult PackOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  return verifyPacking(*this, getLayout(), getInput(), getOut());
}

LogicalResult UnpackOp::verify() {
  if (getLayout() != Layout::Image && getLayout() != Layout::Matrix)
    return emitOpError("unpacks images and matrices only");
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  return verifyPacking(*this, getLayout(), getOut(), getInput());
}

// Packing works on all outer dimensions; the innermost one is a vector.
SmallVector<OpFoldResult> PackOp::getItemExtents(OpBuilder &builder, Location loc) {
  int64_t outer = std::min<int64_t>(shapeOf(getOut()).size() - 1, 3);
  return extents(builder, loc, getOut(), llvm::to_vector(llvm::seq<int64_t>(0, outer)));
}
SmallVector<OpFoldResult> UnpackOp::getItemExtents(OpBuilder &builder, Location loc) {
  int64_t outer = std::min<int64_t>(shapeOf(getInput()).size() - 1, 3);
  return extents(builder, loc, getInput(), llvm::to_vector(llvm::seq<int64_t>(0, outer)));
}
static int64_t innerElements(Value blocked) {
  ArrayRef<int64_t> shape = shapeOf(blocked);
  return ShapedType::getNumElements(shape.drop_front(std::min<size_t>(shape.size() - 1, 3)));
}
int64_t PackOp::getFlopsPerItem() { return innerElements(getOut()); }
int64_t UnpackOp::getFlopsPerItem() { return innerElements(getInput()); }

LogicalResult SpaceToDepthOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  ArrayRef<int64_t> in = shapeOf(getInput()), out = shapeOf(getOut()), shift = getShift();
  if (in.size() != 4 || out.size() != 5)
    return emitOpError("needs a plain and a blocked image");
  int64_t stride = getStride(); // at most its square are the channels that one pixel makes
  if (stride < 1 || stride > 256)
    return emitOpError("needs a stride of 1 to 256");
  if (shift.size() != 2 || llvm::any_of(shift, [&](int64_t by) { return by < 0 || by >= stride; }))
    return emitOpError("needs 2 shifts of at least 0, less than the stride");
  for (unsigned dim : {0, 1})
    if (out[2 + dim] > int64_t(llvm::divideCeil(in[1 + dim] + shift[dim], stride)))
      return emitOpError("needs squares that begin inside the image");
  int64_t blocks = llvm::divideCeil(stride * stride * in[3], out[4]);
  return verifyShape(*this, "a blocked image", getOut(), {in[0], blocks, out[2], out[3], out[4]});
}
SmallVector<OpFoldResult> SpaceToDepthOp::getItemExtents(OpBuilder &builder, Location loc) {
  return extents(builder, loc, getOut(), {0, 2});
}
int64_t SpaceToDepthOp::getFlopsPerItem() {
  ArrayRef<int64_t> out = shapeOf(getOut());
  return out[1] * out[3] * out[4];
}

//===----------------------------------------------------------------------===//
// Multiply-accumulate kernels
//===----------------------------------------------------------------------===//

LogicalResult checks::verifyEpilogue(Operation *op, Region &epilogue, Value bias, ValueRange extras,
                                     Value result, int64_t channelDim) {
  Block &body = epilogue.front();
  if (body.getNumArguments() != extras.size() + 1 ||
      !llvm::all_of(body.getArgumentTypes(), [](Type type) { return type.isF32(); }))
    return op->emitOpError(
        "needs an epilogue that takes the accumulator and one f32 for each extra");
  if (body.empty() || !isa<YieldOp>(body.back()))
    return op->emitOpError("needs an epilogue that ends in kernel.yield");
  ArrayRef<int64_t> out = shapeOf(result);
  int64_t vector[] = {out[channelDim], out.back()};
  if (failed(verifyShape(op, "a bias", bias, vector)))
    return failure();
  for (Value extra : extras)
    if (failed(verifyShape(op, "an extra", extra, shapeOf(extra).size() == 2 ? vector : out)))
      return failure();
  return success();
}

template <typename OpTy> static LogicalResult verifyMac(OpTy op, int64_t channelDim) {
  if (failed(verifyDestination(op, op.getOut(), op.getResult())))
    return failure();
  return verifyEpilogue(op, op.getEpilogue(), op.getBias(), op.getExtras(), op.getOut(),
                        channelDim);
}

LogicalResult checks::verifyImages(Operation *op, Value input, Value out) {
  if (shapeOf(input).size() != 5 || shapeOf(out).size() != 5)
    return op->emitOpError("works on blocked images of rank 5");
  return success();
}

LogicalResult checks::verifySlides(Operation *op, ArrayRef<int64_t> strides,
                                   ArrayRef<int64_t> padding, ArrayRef<int64_t> dilations) {
  if (strides.size() != 2 || padding.size() != 4 || dilations.size() != 2)
    return op->emitOpError("needs 2 window sizes, 2 strides, 2 dilations and 4 paddings");
  auto tooSmall = [](int64_t value) { return value < 1; };
  if (llvm::any_of(strides, tooSmall) || llvm::any_of(dilations, tooSmall))
    return op->emitOpError("needs strides and dilations of at least 1");
  return success();
}

LogicalResult checks::verifyWindow(Operation *op, ArrayRef<int64_t> input, ArrayRef<int64_t> out,
                                   ArrayRef<int64_t> size, ArrayRef<int64_t> strides,
                                   ArrayRef<int64_t> padding, ArrayRef<int64_t> dilations) {
  if (failed(verifySlides(op, strides, padding, dilations)))
    return failure();
  for (int dim : {0, 1}) {
    int64_t extent =
        dlc::nn::windowedExtent(input[2 + dim], size[dim], strides[dim], dilations[dim],
                                padding[2 * dim], padding[2 * dim + 1]);
    if (out[2 + dim] != extent)
      return op->emitOpError("needs an output extent of ") << extent << ", not " << out[2 + dim];
  }
  return success();
}

LogicalResult checks::verifyConvWeights(Operation *op, Value input, Value packed, Value result,
                                        int64_t inChannels, TileAttr tile) {
  ArrayRef<int64_t> weights = shapeOf(packed), out = shapeOf(result);
  int64_t block = shapeOf(input).back();
  if (weights.size() != 7 || weights[5] != tile.getCols() || weights[6] != out.back() ||
      weights[4] != block || weights[1] != ceilDiv(inChannels, block))
    return op->emitOpError(
        "needs weights [O/(nb L), C/B, KH, KW, B, nb, L] that fit its tile and input");
  if (weights[0] != ceilDiv(out[1], weights[5]))
    return op->emitOpError("needs weights for each of its output blocks");
  return success();
}

LogicalResult checks::verifyDepthwiseWeights(Operation *op, Value packed, Value result) {
  ArrayRef<int64_t> weights = shapeOf(packed), out = shapeOf(result);
  if (weights.size() != 4 || weights[0] != out[1] || weights[3] != out.back())
    return op->emitOpError("needs weights [C/L, KH, KW, L] that fit its output");
  return success();
}

LogicalResult ConvOp::verify() {
  if (failed(verifyImages(*this, getInput(), getOut())) || failed(verifyMac(*this, 1)) ||
      failed(
          verifyConvWeights(*this, getInput(), getWeights(), getOut(), getInChannels(), getTile())))
    return failure();
  ArrayRef<int64_t> weights = shapeOf(getWeights());
  if (getGroups() < 1 || weights[0] % getGroups())
    return emitOpError("needs an equal share of its weights for each group");
  return verifyWindow(*this, shapeOf(getInput()), shapeOf(getOut()), weights.slice(2, 2),
                      getStrides(), getPadding(), getDilations());
}

LogicalResult DepthwiseOp::verify() {
  if (failed(verifyImages(*this, getInput(), getOut())) || failed(verifyMac(*this, 1)) ||
      failed(verifyDepthwiseWeights(*this, getWeights(), getOut())))
    return failure();
  return verifyWindow(*this, shapeOf(getInput()), shapeOf(getOut()),
                      shapeOf(getWeights()).slice(1, 2), getStrides(), getPadding(),
                      getDilations());
}

LogicalResult GemmOp::verify() {
  if (shapeOf(getInput()).size() != 3 || shapeOf(getOut()).size() != 3)
    return emitOpError("works on blocked matrices of rank 3");
  if (failed(verifyMac(*this, 0)))
    return failure();
  ArrayRef<int64_t> weights = shapeOf(getWeights()), out = shapeOf(getOut());
  int64_t phases = getPhases(), depth = getDepth();
  if (phases < 1 || out.back() % phases ||
      (phases > 1 && (depth % phases || out[0] != 1 || shapeOf(getInput())[0] != 1 ||
                      shapeOf(getInput())[2] != depth)))
    return emitOpError(
        "needs phases that divide its lanes and depth, one output block and a plain input");
  bool fixed = hasFixedWeights();
  if (fixed && !getFixedForm().exists())
    return emitOpError("needs weights of 8 to 24 bits or of 32");
  if (fixed != cast<ShapedType>(getWeights().getType()).getElementType().isInteger(32))
    return emitOpError("needs weights of i32 for fewer than 32 bits, and for no others");
  if (fixed && phases != 1)
    return emitOpError("needs weights in floating point where columns share vectors");
  int64_t block = shapeOf(getInput())[2];
  if (fixed && shapeOf(getInput())[0] > 1 && block % getFixedForm().weights())
    return emitOpError("needs an input with blocks of whole groups of weights");
  if (weights.size() != 4 || weights[1] * phases != (fixed ? getFixedForm().rows(depth) : depth) ||
      weights[2] != getTile().getCols() || weights[3] != out.back() ||
      weights[0] != ceilDiv(out[0], weights[2]))
    return emitOpError("needs weights [N/(nb L), K, nb, L] that fit its tile, depth and output");
  if (shapeOf(getInput())[0] != ceilDiv(getDepth(), shapeOf(getInput())[2]))
    return emitOpError("needs an input with blocks for its depth");
  return success();
}

SmallVector<OpFoldResult> ConvOp::getItemExtents(OpBuilder &builder, Location loc) {
  auto batch = extents(builder, loc, getOut(), {0});
  OpFoldResult groups = builder.getIndexAttr(shapeOf(getWeights())[0]);
  OpFoldResult rows = builder.getIndexAttr(shapeOf(getOut())[2]);
  if (getRowsFirst())
    return {batch[0], rows, groups};
  return {batch[0], groups, rows};
}
SmallVector<OpFoldResult> DepthwiseOp::getItemExtents(OpBuilder &builder, Location loc) {
  return extents(builder, loc, getOut(), {0, 1, 2});
}
SmallVector<OpFoldResult> GemmOp::getItemExtents(OpBuilder &builder, Location loc) {
  return {builder.getIndexAttr(shapeOf(getWeights())[0])};
}

int64_t ConvOp::getFlopsPerItem() {
  ArrayRef<int64_t> w = shapeOf(getWeights());
  return 2 * shapeOf(getOut())[3] * getInChannels() * w[2] * w[3] * w[5] * w[6];
}
int64_t DepthwiseOp::getFlopsPerItem() {
  ArrayRef<int64_t> w = shapeOf(getWeights());
  return 2 * shapeOf(getOut())[3] * w[1] * w[2] * w[3];
}
// The rows may be dynamic: count one, the work of batch 1.
int64_t GemmOp::getFlopsPerItem() {
  int64_t rows = shapeOf(getOut())[1];
  ArrayRef<int64_t> w = shapeOf(getWeights());
  int64_t depth = hasFixedWeights() ? getDepth() : w[1];
  return 2 * (ShapedType::isDynamic(rows) ? 1 : rows) * depth * w[2] * w[3];
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

LogicalResult dlc::kernel::checks::verifyPooling(Operation *op, Value image, Value pooled,
                                                 ArrayRef<int64_t> size, ArrayRef<int64_t> strides,
                                                 ArrayRef<int64_t> padding) {
  if (failed(verifyImages(op, image, pooled)))
    return failure();
  if (size.size() != 2 || strides.size() != 2 || padding.size() != 4)
    return op->emitOpError("needs 2 window sizes, 2 strides and 4 paddings");
  auto tooSmall = [](int64_t value) { return value < 1; };
  if (llvm::any_of(size, tooSmall) || llvm::any_of(strides, tooSmall))
    return op->emitOpError("needs window sizes and strides of at least 1");
  if (shapeOf(image)[1] != shapeOf(pooled)[1] || shapeOf(image).back() != shapeOf(pooled).back())
    return op->emitOpError("keeps its channels");
  return success();
}

LogicalResult PoolOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  return verifyPooling(*this, getInput(), getOut(), getWindow(), getStrides(), getPadding());
}
SmallVector<OpFoldResult> PoolOp::getItemExtents(OpBuilder &builder, Location loc) {
  return extents(builder, loc, getOut(), {0, 1, 2});
}
int64_t PoolOp::getFlopsPerItem() {
  ArrayRef<int64_t> out = shapeOf(getOut());
  return out[3] * out[4] * getWindow()[0] * getWindow()[1];
}

#define DLC_KERNEL_EFFECTS(OpTy)                                                                   \
  void OpTy::getEffects(                                                                           \
      SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {              \
    addEffects(*this, getOutMutable(), effects);                                                   \
  }
DLC_KERNEL_EFFECTS(PackOp)
DLC_KERNEL_EFFECTS(UnpackOp)
DLC_KERNEL_EFFECTS(SpaceToDepthOp)
DLC_KERNEL_EFFECTS(ConvOp)
DLC_KERNEL_EFFECTS(DepthwiseOp)
DLC_KERNEL_EFFECTS(GemmOp)
DLC_KERNEL_EFFECTS(PoolOp)
#undef DLC_KERNEL_EFFECTS

//===----------------------------------------------------------------------===//
// Joint batches
//===----------------------------------------------------------------------===//

LogicalResult JointMeanOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  auto type = cast<ShapedType>(getOut().getType());
  if (!type.hasStaticShape() || type.getRank() != 1)
    return emitOpError("needs a vector of known extent");
  if (auto memref = dyn_cast<MemRefType>(type); memref && !memref.areTrailingDimsContiguous(1))
    return emitOpError("needs numbers that lie one after the other");
  return success();
}

// On buffers it waits for other processes: nothing moves past it.
void JointMeanOp::getEffects(Effects &effects) {
  if (!isa<MemRefType>(getOut().getType()))
    return;
  effects.emplace_back(MemoryEffects::Read::get());
  effects.emplace_back(MemoryEffects::Write::get());
}

//===----------------------------------------------------------------------===//
// Launching
//===----------------------------------------------------------------------===//

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto callee = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getKernelAttr());
  if (!callee)
    return emitOpError("launches ") << getKernelAttr() << ", which is not a function of the module";
  SmallVector<Type> expected(getArgs().getTypes());
  if (getScratch())
    expected.push_back(
        MemRefType::get({static_cast<int64_t>(getScratch())}, IntegerType::get(getContext(), 8)));
  expected.append(2, IndexType::get(getContext()));
  if (callee.getArgumentTypes() != ArrayRef<Type>(expected) || callee.getNumResults() != 0)
    return emitOpError("needs a kernel that takes its arguments, its scratch memory if any and two "
                       "bounds, and returns nothing");
  return success();
}

void LaunchOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  effects.emplace_back(MemoryEffects::Read::get());
  effects.emplace_back(MemoryEffects::Write::get());
}
