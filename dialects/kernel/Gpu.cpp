//===- Gpu.cpp - verifiers and launches of matrix products on GPUs -------------------===//

#include "dialects/kernel/Checks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc::kernel;
using namespace dlc::kernel::checks;

LogicalResult CtaAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t m, int64_t n,
                              int64_t k, int64_t warpsM, int64_t warpsN, int64_t stages) {
  if (m < 1 || n < 1 || k < 1 || warpsM < 1 || warpsN < 1 || stages < 2)
    return emitError() << "a block needs m, n, k and warps of at least 1, and 2 stages";
  if (m > 512 || n > 512 || k > 128 || stages > 16)
    return emitError() << "a block has at most 512 rows and columns, steps of 128 and 16 stages";
  if (warpsM > 32 || warpsN > 32 || warpsM * warpsN > 32)
    return emitError() << "a block has at most 32 warps";
  return success();
}

// What each way to multiply asks of a block's tile. simt: every thread has 4 or 8 rows and columns;
// the others: whole fragments for each warp. A step of K is at most 128 bytes of a line.
static LogicalResult verifyTile(Operation *op, CtaAttr cta, Math math, bool narrow) {
  int64_t m = cta.getM(), n = cta.getN(), k = cta.getK();
  if (m < 32 || n < 32 || !llvm::isPowerOf2_64(m) || !llvm::isPowerOf2_64(n) ||
      !llvm::isPowerOf2_64(cta.getWarpsM()) || !llvm::isPowerOf2_64(cta.getWarpsN()))
    return op->emitOpError("needs an m and an n from 32 on and warps that are powers of 2");
  if (math == Math::WgmmaTf32 || math == Math::WgmmaBf16)
    return op->emitOpError("is not for warpgroups: kernel.warpgroup_gemm is");
  bool simt = math == Math::Simt;
  if (simt ? k != 8 && k != 16 : k != 16 && k != 32 && (k != 64 || !narrow))
    return op->emitOpError("needs a k of ") << (simt     ? "8 or 16"
                                                : narrow ? "16, 32 or 64"
                                                         : "16 or 32");
  if (std::min(m, n) * k % (4 * cta.getThreads()) || cta.getThreads() < std::max(m, n))
    return op->emitOpError(
        "needs tiles of which all threads copy 4 elements, or one line, at a time");
  int64_t elements = m * n / cta.getThreads();
  if (simt && elements != 16 && elements != 32 && elements != 64)
    return op->emitOpError("needs 16, 32 or 64 elements of its tile for each thread");
  if (!simt && (m % (16 * cta.getWarpsM()) || n % (8 * cta.getWarpsN())))
    return op->emitOpError("needs tiles of 16 x 8 for each warp");
  return success();
}

// Tiles of A and B, or the sums that warps of tensor cores exchange after. A column of simt's A is
// copied element by element along K: 4 more elements a row keep these in different banks.
int64_t dlc::kernel::getSharedBytes(CtaAttr cta, Math math, Type a, Type b) {
  int64_t padding = math == Math::Simt ? 4 : 0;
  auto bytes = [](Type type) { return int64_t(type.getIntOrFloatBitWidth() / 8); };
  int64_t stages =
      cta.getStages() * cta.getK() * ((cta.getM() + padding) * bytes(a) + cta.getN() * bytes(b));
  int64_t warps = cta.getWarpsM() * cta.getWarpsN();
  return math == Math::Simt ? stages : std::max(stages, warps * kWarpStoreBytes);
}

int64_t checks::partsOf(Value out) {
  ArrayRef<int64_t> shape = shapeOf(out);
  return shape.size() == 5 ? shape[0] : 1;
}

static OpFoldResult product(OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> factors) {
  int64_t constant = 1;
  Value value;
  for (OpFoldResult factor : factors)
    if (auto number = getConstantIntValue(factor))
      constant *= *number;
    else
      value = cast<Value>(factor);
  if (!value)
    return builder.getIndexAttr(constant);
  Value scale = arith::ConstantIndexOp::create(builder, loc, constant);
  return arith::MulIOp::create(builder, loc, value, scale).getResult();
}

static OpFoldResult tilesOf(OpBuilder &builder, Location loc, OpFoldResult rows, int64_t tile) {
  if (auto number = getConstantIntValue(rows))
    return builder.getIndexAttr(llvm::divideCeil(*number, tile));
  Value round = arith::ConstantIndexOp::create(builder, loc, tile - 1);
  Value size = arith::ConstantIndexOp::create(builder, loc, tile);
  Value up = arith::AddIOp::create(builder, loc, cast<Value>(rows), round);
  return arith::DivUIOp::create(builder, loc, up, size).getResult();
}

SmallVector<OpFoldResult> checks::imageBlocks(OpBuilder &builder, Location loc, Value input,
                                              Value out, CtaAttr cta) {
  ArrayRef<int64_t> image = shapeOf(out).take_back(4);
  OpFoldResult pixels = builder.getIndexAttr(image[1] * image[2]);
  OpFoldResult batch = extents(builder, loc, input, {0})[0];
  OpFoldResult rows = product(builder, loc, {batch, pixels});
  OpFoldResult columns = builder.getIndexAttr(llvm::divideCeil(image[3], cta.getN()));
  OpFoldResult tiles = tilesOf(builder, loc, rows, cta.getM());
  return {product(builder, loc, {tiles, columns}), builder.getIndexAttr(partsOf(out)),
          builder.getIndexAttr(1)};
}

SmallVector<int64_t> checks::asBlocked(ArrayRef<int64_t> plain) {
  return {plain[0], 1, plain[1], plain[2], plain[3]};
}

static bool isNarrow(Value value) { return getElementTypeOrSelf(value).isBF16(); }

// How operands A and B and the result lie in memory.
static LogicalResult verifyStorage(Operation *op, Math math, Value a, Value b, Value out) {
  if (math != Math::Bf16 && (isNarrow(a) || isNarrow(b)))
    return op->emitOpError("multiplies operands of bfloat16 as bf16");
  if (partsOf(out) != 1 && isNarrow(out))
    return op->emitOpError("stores sums of parts as float32");
  return success();
}

template <typename OpTy>
static LogicalResult verifyProduct(OpTy op, Value right, ArrayRef<int64_t> image,
                                   ArrayRef<int64_t> kernel) {
  ArrayRef<int64_t> in = shapeOf(op.getInput());
  if (kernel[2] != in[3] || kernel[3] != image[3])
    return op.emitOpError("needs a kernel of [KH, KW, ")
           << in[3] << ", " << image[3] << "], for its images' channels";
  if (in[0] != image[0])
    return op.emitOpError("keeps its batch");
  bool narrow = isNarrow(op.getInput()) && isNarrow(right);
  if (failed(verifyStorage(op, op.getMath(), op.getInput(), right, op.getOut())) ||
      failed(verifyTile(op, op.getCta(), op.getMath(), narrow)))
    return failure();
  return verifyWindow(op, asBlocked(in), asBlocked(image), kernel.take_front(2), op.getStrides(),
                      op.getPadding(), op.getDilations());
}

bool checks::isRank(Value value, std::initializer_list<size_t> ranks) {
  return llvm::is_contained(ranks, shapeOf(value).size());
}

//===----------------------------------------------------------------------===//
// Convolutions and dense layers
//===----------------------------------------------------------------------===//

int64_t ImplicitGemmOp::getParts() { return partsOf(getOut()); }
ArrayRef<int64_t> ImplicitGemmOp::getImageShape() { return shapeOf(getOut()).take_back(4); }

LogicalResult checks::verifyImageEpilogue(Operation *op, Region &epilogue, ValueRange extras,
                                          Value out) {
  Block &body = epilogue.front();
  if (body.getNumArguments() != extras.size() + 1 ||
      !llvm::all_of(body.getArgumentTypes(), [](Type type) { return type.isF32(); }))
    return op->emitOpError("needs an epilogue that takes the sum and one f32 for each extra");
  if (body.empty() || !isa<YieldOp>(body.back()))
    return op->emitOpError("needs an epilogue that ends in kernel.yield");
  if (partsOf(out) > 1 &&
      (!extras.empty() || cast<YieldOp>(body.back()).getValue() != body.getArgument(0)))
    return op->emitOpError("stores sums of parts as they are");
  ArrayRef<int64_t> image = shapeOf(out).take_back(4);
  for (Value extra : extras)
    if (failed(verifyShape(op, "an extra", extra, isRank(extra, {1}) ? image.take_back() : image)))
      return failure();
  return success();
}

LogicalResult ImplicitGemmOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  if (!isRank(getInput(), {4}) || !isRank(getWeights(), {4}) || !isRank(getOut(), {4, 5}))
    return emitOpError("works on images and kernels of rank 4, and parts of images");
  if (ShapedType::isDynamic(getParts()) ||
      llvm::is_contained(getImageShape().drop_front(), ShapedType::kDynamic) ||
      llvm::is_contained(shapeOf(getWeights()), ShapedType::kDynamic))
    return emitOpError("needs static extents but for the batch");
  if (failed(verifyImageEpilogue(*this, getEpilogue(), getExtras(), getOut())))
    return failure();
  if (isNarrow(getInput()) != isNarrow(getWeights()))
    return emitOpError("needs images and kernels of one element type");
  return verifyProduct(*this, getWeights(), getImageShape(), shapeOf(getWeights()));
}

SmallVector<OpFoldResult> ImplicitGemmOp::getBlocks(OpBuilder &builder, Location loc) {
  return imageBlocks(builder, loc, getInput(), getOut(), getCta());
}

int64_t ImplicitGemmOp::getThreads() { return getCta().getThreads(); }
int64_t ImplicitGemmOp::getSharedBytes() {
  return kernel::getSharedBytes(getCta(), getMath(), getElementTypeOrSelf(getInput()),
                                getElementTypeOrSelf(getWeights()));
}
void ImplicitGemmOp::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }

//===----------------------------------------------------------------------===//
// Gradients of kernels
//===----------------------------------------------------------------------===//

int64_t ImplicitGemmWeightsOp::getParts() { return partsOf(getOut()); }
ArrayRef<int64_t> ImplicitGemmWeightsOp::getKernelShape() { return shapeOf(getOut()).take_back(4); }

LogicalResult ImplicitGemmWeightsOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  if (!isRank(getInput(), {4}) || !isRank(getGradient(), {4}) || !isRank(getOut(), {4, 5}))
    return emitOpError("works on images and kernels of rank 4, and several of these");
  if (llvm::is_contained(shapeOf(getOut()), ShapedType::kDynamic) ||
      llvm::is_contained(shapeOf(getGradient()).drop_front(), ShapedType::kDynamic))
    return emitOpError("needs static extents but for the batch");
  return verifyProduct(*this, getGradient(), shapeOf(getGradient()), getKernelShape());
}

SmallVector<OpFoldResult> ImplicitGemmWeightsOp::getBlocks(OpBuilder &builder, Location) {
  ArrayRef<int64_t> k = getKernelShape();
  int64_t rows = llvm::divideCeil(k[0] * k[1] * k[2], getCta().getM());
  int64_t columns = llvm::divideCeil(k[3], getCta().getN());
  return {builder.getIndexAttr(rows * columns), builder.getIndexAttr(getParts()),
          builder.getIndexAttr(1)};
}

int64_t ImplicitGemmWeightsOp::getThreads() { return getCta().getThreads(); }
int64_t ImplicitGemmWeightsOp::getSharedBytes() {
  return kernel::getSharedBytes(getCta(), getMath(), getElementTypeOrSelf(getInput()),
                                getElementTypeOrSelf(getGradient()));
}
void ImplicitGemmWeightsOp::getEffects(Effects &effects) {
  addEffects(*this, getOutMutable(), effects);
}

LogicalResult StepsOp::verify() {
  for (Operation &step : getBody().front()) {
    if (step.getName().getStringRef() == "memref.alloca")
      continue;
    if (!isa<DestinationStyleOpInterface>(step) || step.getNumResults() != 0)
      return emitOpError("holds linalg ops on buffers and memref.alloca, not '")
             << step.getName() << "'";
  }
  return success();
}
