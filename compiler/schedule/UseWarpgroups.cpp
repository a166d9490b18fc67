//===- UseWarpgroups.cpp - products of warpgroups where they fit --------------------===//
//
// On chips with warpgroup products a kernel.implicit_gemm becomes a kernel.warpgroup_gemm where its
// image fits the tensor memory accelerator's maps and warpgroups are expected to be faster. With
// tf32 filters are laid out one after the other, which happens in @prepare where they are
// parameters:
//
//   kernel.implicit_gemm ins(%x, %w : ..., tensor<3x3x64x128xf32>) {math = tf32}
//   ->
//   %t = linalg.transpose ins(%w) permutation = [3, 0, 1, 2]
//   kernel.warpgroup_gemm ins(%x, %t : ..., tensor<128x3x3x64xf32>) {math = wgmma_tf32}
//
// A backward pass's flipped kernel has its rows that way from the start:
//
//   %f = nn.flip_kernel %w
//   kernel.implicit_gemm ins(%g, %f) {math = tf32}
//   ->
//   %t = linalg.generic ins(%w), taps in reverse
//   kernel.warpgroup_gemm ins(%g, %t) {math = wgmma_tf32}
//
// What bf16 multiplies has to lie in memory so; its filters stay as they are.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/schedule/GpuTiles.h"
#include "compiler/schedule/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_USEWARPGROUPS
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using namespace dlc::kernel;

// Whether parts that begin at element `start` of larger rows begin at multiples of 16 bytes.
static bool keepsAlignment(Value whole, int64_t start) {
  auto type = cast<ShapedType>(whole.getType());
  return !ShapedType::isDynamic(start) && bytesOfElement(type) * type.getShape().back() % 16 == 0 &&
         bytesOfElement(type) * start % 16 == 0;
}

// The input may come to lie in a larger buffer: that of what it was cut from, or of what it becomes
// a part of.
static bool keepsAlignment(Value input) {
  if (auto slice = input.getDefiningOp<nn::SliceOp>())
    if (!keepsAlignment(slice.getX(), slice.getOffsets().back()))
      return false;
  if (auto slice = input.getDefiningOp<tensor::ExtractSliceOp>())
    if (!keepsAlignment(slice.getSource(), slice.getStaticOffsets().back()))
      return false;
  return llvm::all_of(input.getUsers(), [](Operation *user) {
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(user))
      return keepsAlignment(insert.getDest(), insert.getStaticOffsets().back());
    auto concat = dyn_cast<nn::ConcatOp>(user);
    return !concat || llvm::all_of(concat.getXs(),
                                   [](Value part) { return keepsAlignment(part, /*start=*/0); });
  });
}

// What it is multiplied as; nothing where operands do not lie in memory so.
static std::optional<Precision> precisionOf(ImplicitGemmOp op) {
  auto isOf = [&](auto test) {
    return test(getElementTypeOrSelf(op.getInput())) && test(getElementTypeOrSelf(op.getWeights()));
  };
  if (op.getMath() == Math::Tf32 && isOf([](Type type) { return type.isF32(); }))
    return Precision::Tf32;
  if (op.getMath() == Math::Bf16 && isOf([](Type type) { return type.isBF16(); }))
    return Precision::Bf16;
  return std::nullopt;
}

// The tile; null where warpgroups do not fit.
static CtaAttr chooseTile(ImplicitGemmOp op, const schedule::Chip &chip) {
  std::optional<Precision> precision = precisionOf(op);
  auto input = cast<ShapedType>(op.getInput().getType());
  ArrayRef<int64_t> image = op.getImageShape(), kernel = shapeOf(op.getWeights());
  if (!precision || !keepsAlignment(op.getInput()) ||
      !schedule::fitsTensorMaps(input, image, op.getStrides(), op.getPadding()))
    return {};
  int64_t batch = ShapedType::isDynamic(image[0]) ? schedule::kTypicalBatch : image[0];
  schedule::ProductShape shape{batch * image[1] * image[2],
                               image[3],
                               kernel[0] * kernel[1] * kernel[2],
                               /*vectors=*/true,
                               /*warpgroups=*/true,
                               kernel[2],
                               schedule::transposesKernel(op.getWeights(), *precision)};
  return schedule::chooseWarpgroups(op.getContext(), chip, *precision, shape, op.getParts());
}

// [O, KH, KW, C] of [KH, KW, C, O]. A flipped kernel's rows are those that it was made of.
static Value layOutFilters(OpBuilder &builder, Location loc, Value weights) {
  ArrayRef<int64_t> shape = shapeOf(weights);
  auto type = RankedTensorType::get({shape[3], shape[0], shape[1], shape[2]}, builder.getF32Type());
  ops::Build build{builder, loc, /*batch=*/Value()};
  auto flip = weights.getDefiningOp<nn::FlipKernelOp>();
  if (!flip || flip.getGroups() != 1)
    return linalg::TransposeOp::create(builder, loc, weights, build.empty(type),
                                       ArrayRef<int64_t>{3, 0, 1, 2})
        ->getResult(0);
  auto tap = [&](unsigned i) {
    int64_t step = flip.getSteps()[i], last = flip.getFirst()[i] + (shape[i] - 1) * step;
    return build.dim(1 + i) * -step + last;
  };
  AffineMap maps[] = {build.map(4, {tap(0), tap(1), build.dim(0), build.dim(3)}),
                      build.identity(4)};
  return build.generic(flip.getKernel(), build.empty(type), maps,
                       [](OpBuilder &, Location, ValueRange args) { return args[0]; });
}

static void useWarpgroups(ImplicitGemmOp op, CtaAttr cta, const schedule::Chip &chip) {
  OpBuilder builder(op);
  bool bf16 = op.getMath() == Math::Bf16;
  auto product = WarpgroupGemmOp::create(
      builder, op.getLoc(), op.getResultTypes(), op.getInput(),
      bf16 ? op.getWeights() : layOutFilters(builder, op.getLoc(), op.getWeights()), op.getExtras(),
      op.getOut(), op.getStrides(), op.getPadding(), op.getDilations(), cta,
      bf16 ? Math::WgmmaBf16 : Math::WgmmaTf32, chip.multiprocessors);
  product->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  product.getEpilogue().takeBody(op.getEpilogue());
  op->replaceAllUsesWith(product);
  op->erase();
}

namespace {
struct UseWarpgroups : schedule::impl::UseWarpgroupsBase<UseWarpgroups> {
  using UseWarpgroupsBase::UseWarpgroupsBase;

  void runOnOperation() override {
    std::optional<schedule::Chip> facts = schedule::lookupChip(chip);
    if (!facts) {
      getOperation().emitError("no facts are known of the GPU '") << chip << "'";
      return signalPassFailure();
    }
    SmallVector<ImplicitGemmOp> ops;
    getOperation().walk([&](ImplicitGemmOp op) { ops.push_back(op); });
    for (ImplicitGemmOp op : ops)
      if (CtaAttr cta = chooseTile(op, *facts))
        useWarpgroups(op, cta, *facts);
  }
};
} // namespace
