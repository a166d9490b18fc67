//===- UseWarpgroups.cpp - products of warpgroups where they fit --------------------===//
//
// On chips with warpgroup products a kernel.implicit_gemm of tf32 becomes a kernel.warpgroup_gemm
// where its image fits the tensor memory accelerator's maps. Filters are laid out one after the
// other, which happens in @prepare where they are parameters:
//
//   kernel.implicit_gemm ins(%x, %w : ..., tensor<3x3x64x128xf32>) {math = tf32}
//   ->
//   %t = linalg.transpose ins(%w) permutation = [3, 0, 1, 2]
//   kernel.warpgroup_gemm ins(%x, %t : ..., tensor<128x3x3x64xf32>) {math = wgmma_tf32}
//
//===---------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_USEWARPGROUPS
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using namespace dlc::kernel;

// Of a step of K and of a tile's columns, at most a fifth may be padding: mma.sync has less of it,
// and some 0.6 of the speed.
static bool fillsTile(int64_t extent, int64_t padded) { return 5 * extent >= 4 * padded; }

// A step is 32 channels of one tap.
static bool fillsSteps(int64_t channels) {
  return fillsTile(channels, llvm::alignTo(channels, 32));
}

// Tiles of at most 128 columns, a multiple of 8, as equal as can be. Wider ones read the least from
// shared memory for a product; they pay where images are large enough to make tiles for every
// multiprocessor.
static int64_t chooseColumns(ArrayRef<int64_t> image) {
  constexpr int64_t kManyPixels = 784;
  int64_t columns = image[3], pixels = image[1] * image[2];
  int64_t widest = columns % 256 == 0 && pixels >= kManyPixels ? 256 : 128;
  int64_t tiles = llvm::divideCeil(columns, widest);
  return llvm::alignTo(llvm::divideCeil(columns, tiles), 8);
}

static bool isMultipleOf4(int64_t extent) { return extent % 4 == 0; }

// The input may come to lie in a larger buffer: that of what it was cut from, or of what it becomes
// a part of. Its rows begin at multiples of 16 bytes there as well.
static bool keepsAlignment(Value input) {
  if (auto slice = input.getDefiningOp<nn::SliceOp>())
    if (!isMultipleOf4(shapeOf(slice.getX()).back()) || !isMultipleOf4(slice.getOffsets().back()))
      return false;
  return llvm::all_of(input.getUsers(), [](Operation *user) {
    auto concat = dyn_cast<nn::ConcatOp>(user);
    return !concat || llvm::all_of(concat.getXs(),
                                   [](Value part) { return isMultipleOf4(shapeOf(part).back()); });
  });
}

static bool fits(ImplicitGemmOp op) {
  constexpr int64_t kFewColumns = 32;
  ArrayRef<int64_t> input = shapeOf(op.getInput()), image = op.getImageShape();
  return op.getMath() == Math::Tf32 && image[3] >= kFewColumns && fillsSteps(input[3]) &&
         keepsAlignment(op.getInput()) &&
         whyNoTensorMap(cast<ShapedType>(op.getInput().getType()), image.slice(1, 2), op.getStrides(), op.getPadding()).empty();
}

static Value layOutFilters(OpBuilder &builder, Location loc, Value weights) {
  ArrayRef<int64_t> shape = shapeOf(weights);
  Value empty = tensor::EmptyOp::create(builder, loc,
                                        ArrayRef<int64_t>{shape[3], shape[0], shape[1], shape[2]},
                                        builder.getF32Type());
  return linalg::TransposeOp::create(builder, loc, weights, empty, ArrayRef<int64_t>{3, 0, 1, 2})
      ->getResult(0);
}

static void useWarpgroups(ImplicitGemmOp op) {
  constexpr int64_t kRows = 128, kStep = 32, kWarps = 8, kStages = 4;
  OpBuilder builder(op);
  MLIRContext *context = op.getContext();
  auto cta =
      CtaAttr::get(context, kRows, chooseColumns(op.getImageShape()), kStep, kWarps, 1, kStages);
  auto product = WarpgroupGemmOp::create(builder, op.getLoc(), op.getResultTypes(), op.getInput(),
                                         layOutFilters(builder, op.getLoc(), op.getWeights()),
                                         op.getExtras(), op.getOut(), op.getStrides(),
                                         op.getPadding(), op.getDilations(), cta, Math::WgmmaTf32, 132);
  product->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  product.getEpilogue().takeBody(op.getEpilogue());
  op->replaceAllUsesWith(product);
  op->erase();
}

namespace {
struct UseWarpgroups : schedule::impl::UseWarpgroupsBase<UseWarpgroups> {
  void runOnOperation() override {
    SmallVector<ImplicitGemmOp> ops;
    getOperation().walk([&](ImplicitGemmOp op) {
      if (fits(op))
        ops.push_back(op);
    });
    for (ImplicitGemmOp op : ops)
      useWarpgroups(op);
  }
};
} // namespace
