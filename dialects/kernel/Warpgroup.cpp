//===- Warpgroup.cpp - verifiers and launches of products of warpgroups --------------===//

#include "dialects/kernel/Checks.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::kernel;
using namespace dlc::kernel::checks;

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

// What a copy takes at once, and the longest row of a tile.
static constexpr int64_t kPieceBytes = 16, kRowBytes = 128;
// Corners of maps of rank 4 have 8 bits with their sign; that bounds the distances in a window too,
// which have 8 without one.
static constexpr int64_t kMinCorner = -128, kMaxCorner = 127, kMaxStep = 8;

StringRef kernel::whyNoTensorMap(ShapedType input, ArrayRef<int64_t> out, ArrayRef<int64_t> strides,
                                 ArrayRef<int64_t> padding) {
  ArrayRef<int64_t> image = input.getShape();
  if (image[3] * bytesOfElement(input) % kPieceBytes)
    return "channels of whole 16 bytes";
  for (int dim : {0, 1}) {
    int64_t upper = upperCorner(image[1 + dim], out[dim], strides[dim], padding[2 * dim]);
    if (strides[dim] > kMaxStep)
      return "strides of at most 8";
    if (-padding[2 * dim] < kMinCorner || upper < kMinCorner || upper > kMaxCorner)
      return "windows that pass the edges by at most 127 pixels";
  }
  return {};
}

static LogicalResult verifyBox(TensorMapOp op) {
  ArrayRef<int64_t> extents = op.getExtents(), box = op.getBox();
  bool windows = !op.getSteps().empty();
  if (extents.empty() || extents.size() > 5 || op.getStrides().size() + 1 != extents.size() ||
      box.size() != (windows ? 2 : extents.size()))
    return op.emitOpError("needs at most 5 extents, a stride for each outer one and a box for all");
  int64_t bytes = bytesOfElement(op.getBuffer().getType());
  if (box[0] < 1 || box[0] * bytes > kRowBytes || box[0] * bytes % kPieceBytes)
    return op.emitOpError("needs a box whose rows have at most 128 bytes, in whole 16");
  for (int64_t size : box)
    if (size < 1 || size > 256)
      return op.emitOpError("needs a box of at most 256 along each dimension");
  for (int64_t stride : op.getStrides())
    if (stride < 1 || stride * bytes % kPieceBytes)
      return op.emitOpError("needs strides of whole 16 bytes");
  return success();
}

LogicalResult TensorMapOp::verify() {
  if (failed(verifyBox(*this)))
    return failure();
  if (getSteps().empty() && getLower().empty() && getUpper().empty())
    return success();
  if (getExtents().size() != 4 || getSteps().size() != 2 || getLower().size() != 2 ||
      getUpper().size() != 2)
    return emitOpError("needs 4 extents, 2 steps and 2 corners for a map of windows");
  for (int64_t corner : llvm::concat<const int64_t>(getLower(), getUpper()))
    if (corner < kMinCorner || corner > kMaxCorner)
      return emitOpError("needs corners from -128 to 127");
  for (int64_t step : getSteps())
    if (step < 1 || step > kMaxStep)
      return emitOpError("needs steps from 1 to 8");
  return success();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

int64_t WarpgroupGemmOp::getParts() { return partsOf(getOut()); }
ArrayRef<int64_t> WarpgroupGemmOp::getImageShape() { return shapeOf(getOut()).take_back(4); }

ArrayRef<int64_t> WarpgroupGemmOp::getWindow() {
  return shapeOf(getWeights()).slice(getMath() == Math::WgmmaBf16 ? 0 : 1, 2);
}

static LogicalResult verifyTile(WarpgroupGemmOp op) {
  CtaAttr cta = op.getCta();
  if (op.getMath() != Math::WgmmaTf32 && op.getMath() != Math::WgmmaBf16)
    return op.emitOpError("multiplies as wgmma_tf32 or wgmma_bf16");
  bool bf16 = op.getMath() == Math::WgmmaBf16;
  for (Value operand : {op.getInput(), op.getWeights()})
    if (getElementTypeOrSelf(operand).isBF16() != bf16)
      return op.emitOpError("needs images and kernels of ") << (bf16 ? "bf16" : "f32");
  int64_t depth = bf16 ? 64 : 32;
  if (cta.getM() != 128 || cta.getK() != depth || cta.getWarpsM() != 8 || cta.getWarpsN() != 1)
    return op.emitOpError("needs a tile of m = 128, k = ") << depth << ", warps_m = 8, warps_n = 1";
  if (cta.getN() > 256 || cta.getN() % 8)
    return op.emitOpError("needs an n that is a multiple of 8 and at most 256");
  if (op.getParts() != 1 && getElementTypeOrSelf(op.getOut()).isBF16())
    return op.emitOpError("stores sums of parts as float32");
  if (static_cast<int64_t>(op.getMostBlocks()) < 1)
    return op.emitOpError("needs at least one block");
  return success();
}

// [O, KH, KW, C] of tf32, [KH, KW, C, O] of bf16.
static LogicalResult verifyFilters(WarpgroupGemmOp op) {
  ArrayRef<int64_t> weights = shapeOf(op.getWeights());
  int64_t in = shapeOf(op.getInput())[3], out = op.getImageShape()[3];
  bool plain = op.getMath() == Math::WgmmaBf16;
  if (weights[plain ? 2 : 3] == in && weights[plain ? 3 : 0] == out)
    return plain && out % 8 ? op.emitOpError("needs filters of whole 16 bytes") : success();
  if (plain)
    return op.emitOpError("needs a kernel of [KH, KW, ") << in << ", " << out << "]";
  return op.emitOpError("needs a kernel of [") << out << ", KH, KW, " << in << "]";
}

LogicalResult WarpgroupGemmOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  if (!isRank(getInput(), {4}) || !isRank(getWeights(), {4}) || !isRank(getOut(), {4, 5}))
    return emitOpError("works on images and kernels of rank 4, and parts of images");
  ArrayRef<int64_t> in = shapeOf(getInput()), image = getImageShape();
  if (ShapedType::isDynamic(getParts()) ||
      llvm::is_contained(image.drop_front(), ShapedType::kDynamic) ||
      llvm::is_contained(shapeOf(getWeights()), ShapedType::kDynamic))
    return emitOpError("needs static extents but for the batch");
  if (failed(verifyImageEpilogue(*this, getEpilogue(), getExtras(), getOut())) ||
      failed(verifyTile(*this)) || failed(verifyFilters(*this)))
    return failure();
  if (in[0] != image[0])
    return emitOpError("keeps its batch");
  if (failed(verifyWindow(*this, asBlocked(in), asBlocked(image), getWindow(), getStrides(),
                          getPadding(), getDilations())))
    return failure();
  StringRef need = whyNoTensorMap(cast<ShapedType>(getInput().getType()), image.slice(1, 2),
                                  getStrides(), getPadding());
  return need.empty() ? success() : emitOpError("needs ") << need;
}

// A tile of each part is one's work.
SmallVector<OpFoldResult> WarpgroupGemmOp::getBlocks(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> all = imageBlocks(builder, loc, getInput(), getOut(), getCta());
  int64_t most = getMostBlocks();
  OpFoldResult one = builder.getIndexAttr(1);
  if (auto tiles = getConstantIntValue(all[0]))
    return {builder.getIndexAttr(std::min(*tiles * getParts(), most)), one, one};
  Value parts = arith::ConstantIndexOp::create(builder, loc, getParts());
  Value work = arith::MulIOp::create(builder, loc, cast<Value>(all[0]), parts);
  Value limit = arith::ConstantIndexOp::create(builder, loc, most);
  return {arith::MinUIOp::create(builder, loc, work, limit).getResult(), one, one};
}

WarpgroupMemory::WarpgroupMemory(CtaAttr cta, Math math) {
  int64_t stages = cta.getStages(), n = cta.getN();
  tileOfA = cta.getM() * kRowBytes;
  // Of bf16 a row has 64 columns of one channel, of tf32 the channels of one column.
  tileOfB = (math == Math::WgmmaBf16 ? llvm::alignTo(n, 64) : n) * kRowBytes;
  startOfB = stages * tileOfA;
  startOfStores = startOfB + stages * tileOfB;
  startOfBarriers = startOfStores + cta.getWarpsM() * kWarpStoreBytes;
  bytes = startOfBarriers + 2 * 8 * stages;
}

// A warpgroup copies, besides those that multiply.
int64_t WarpgroupGemmOp::getThreads() { return getCta().getThreads() + 128; }

int64_t WarpgroupGemmOp::getSharedBytes() { return WarpgroupMemory(getCta(), getMath()).bytes; }

void WarpgroupGemmOp::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }
