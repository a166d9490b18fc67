//===- Warpgroup.cpp - verifiers and launches of products of warpgroups --------------===//

#include "dialects/kernel/Checks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::kernel;
using namespace dlc::kernel::checks;

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

// Rows of 16 bytes.
static constexpr int64_t kRow = 4;
// Corners of maps of rank 4 have 8 bits with their sign; that bounds the distances in a window too,
// which have 8 without one.
static constexpr int64_t kMinCorner = -128, kMaxCorner = 127, kMaxStep = 8;

StringRef kernel::whyNoTensorMap(ArrayRef<int64_t> image, ArrayRef<int64_t> out,
                                 ArrayRef<int64_t> strides, ArrayRef<int64_t> padding) {
  if (image[3] % kRow)
    return "channels that are a multiple of 4";
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
  if (box[0] < 1 || box[0] > 32 || box[0] % kRow)
    return op.emitOpError("needs a box whose rows are at most 32 elements, a multiple of 4");
  for (int64_t size : box)
    if (size < 1 || size > 256)
      return op.emitOpError("needs a box of at most 256 along each dimension");
  for (int64_t stride : op.getStrides())
    if (stride < 1 || stride % kRow)
      return op.emitOpError("needs strides that are multiples of 4 elements");
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

static LogicalResult verifyTile(WarpgroupGemmOp op) {
  CtaAttr cta = op.getCta();
  if (op.getMath() != Math::WgmmaTf32)
    return op.emitOpError("multiplies as wgmma_tf32");
  if (cta.getM() != 128 || cta.getK() != 32 || cta.getWarpsM() != 8 || cta.getWarpsN() != 1)
    return op.emitOpError("needs a tile of m = 128, k = 32, warps_m = 8, warps_n = 1");
  if (cta.getN() > 256 || cta.getN() % 8)
    return op.emitOpError("needs an n that is a multiple of 8 and at most 256");
  return success();
}

LogicalResult WarpgroupGemmOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  if (!isRank(getInput(), {4}) || !isRank(getWeights(), {4}) || !isRank(getOut(), {4, 5}))
    return emitOpError("works on images and kernels of rank 4, and parts of images");
  ArrayRef<int64_t> in = shapeOf(getInput()), image = getImageShape();
  ArrayRef<int64_t> weights = shapeOf(getWeights());
  if (ShapedType::isDynamic(getParts()) ||
      llvm::is_contained(image.drop_front(), ShapedType::kDynamic) ||
      llvm::is_contained(weights, ShapedType::kDynamic))
    return emitOpError("needs static extents but for the batch");
  if (failed(verifyImageEpilogue(*this, getEpilogue(), getExtras(), getOut())))
    return failure();
  if (weights[3] != in[3] || weights[0] != image[3])
    return emitOpError("needs a kernel of [") << image[3] << ", KH, KW, " << in[3] << "]";
  if (in[0] != image[0])
    return emitOpError("keeps its batch");
  if (failed(verifyTile(*this)) ||
      failed(verifyWindow(*this, asBlocked(in), asBlocked(image), weights.slice(1, 2), getStrides(),
                          getPadding(), getDilations())))
    return failure();
  StringRef need = whyNoTensorMap(in, image.slice(1, 2), getStrides(), getPadding());
  return need.empty() ? success() : emitOpError("needs ") << need;
}

SmallVector<OpFoldResult> WarpgroupGemmOp::getBlocks(OpBuilder &builder, Location loc) {
  return imageBlocks(builder, loc, getInput(), getOut(), getCta());
}

// A warpgroup copies, besides those that multiply.
int64_t WarpgroupGemmOp::getThreads() { return getCta().getThreads() + 128; }

// Tiles of A and B, and two barriers a stage.
int64_t WarpgroupGemmOp::getSharedBytes() {
  CtaAttr cta = getCta();
  return cta.getStages() * ((cta.getM() + cta.getN()) * cta.getK() * 4 + 16);
}

void WarpgroupGemmOp::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }
