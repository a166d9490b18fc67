//===- SplitReductions.cpp - long sums to few points, in parts ------------------------===//
//
// A sum over all pixels for each of 64 channels is work for two blocks of threads, and a GPU has
// more than a hundred multiprocessors. Long sums to few points are split: parts of neighbouring
// pixels are summed apart, then the parts. Their number depends on shapes only, so the bits are the
// same every time.
//
//   %0 = sum over n, h, w of %x : tensor<?x28x28x64xf32>
//   ->
//   %parts = linalg.generic                                       // h is 14 a + b
//       {(n, a, b, w, c) -> (n, 14 a + b, w, c), (n, a, b, w, c) -> (b), (n, a, b, w, c) -> (n, a,
//       c)} ins(%x, %zeros : tensor<?x28x28x64xf32>, tensor<14xf32>) outs(%zero :
//       tensor<?x2x64xf32>)
//   %0 = linalg.generic {(n, a, c) -> (n, a, c), (n, a, c) -> (c)}
//       ins(%parts) outs(%zero : tensor<64xf32>)
//
// The operand of 14 elements is never read: it says how far b goes.
//
//===----------------------------------------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/schedule/Passes.h"
#include "compiler/schedule/Sums.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_SPLITREDUCTIONS
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using linalg::GenericOp;
using ops::Build;
using schedule::isSum;
using utils::IteratorType;

// The batch that a train step is expected to have where the model leaves it open.
static constexpr int64_t kBatch = 64;
// Points that have a thread each without parts.
static constexpr int64_t kManyPoints = 16384;
// Elements for one point that are worth a part of their own; a block sums up those of 32 points.
static constexpr int64_t kPartElements = 256;
// More parts would make their sum the longer step, fewer are not worth it.
static constexpr int64_t kMostParts = 1024, kFewestParts = 8;
// Blocks that keep a chip busy to the end.
static constexpr int64_t kBlocks = 1024;
static constexpr int64_t kPointsPerBlock = 32;

namespace {
/// Which loops tell parts apart: some whole, and the last of them perhaps in steps.
struct Split {
  SmallVector<unsigned> whole;
  std::optional<unsigned> loop;
  int64_t steps = 1;
};
} // namespace

static int64_t extentOf(GenericOp op, unsigned loop) {
  int64_t extent = op.getStaticLoopRanges()[loop];
  return ShapedType::isDynamic(extent) ? kBatch : extent;
}

static int64_t elements(GenericOp op, IteratorType kind) {
  int64_t count = 1;
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
    if (iterator == kind)
      count *= extentOf(op, loop);
  return count;
}

static int64_t largestDivisor(int64_t value, int64_t most) {
  int64_t divisor = std::min(value, most);
  while (value % divisor != 0)
    --divisor;
  return divisor;
}

// As many parts as keep the chip busy, of neighbours: the outermost loops part them.
static std::optional<Split> chooseSplit(GenericOp op) {
  int64_t points = elements(op, IteratorType::parallel);
  int64_t wanted = std::min({elements(op, IteratorType::reduction) / kPartElements, kMostParts,
                             kBlocks * kPointsPerBlock / std::max(points, kPointsPerBlock)});
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
    if (iterator == IteratorType::parallel && ShapedType::isDynamic(extents[loop]))
      return std::nullopt;
  if (points >= kManyPoints || wanted < kFewestParts)
    return std::nullopt;
  Split split;
  int64_t parts = 1;
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray())) {
    int64_t extent = extentOf(op, loop);
    if (iterator == IteratorType::parallel || extent == 1)
      continue;
    if (parts * extent <= wanted || ShapedType::isDynamic(extents[loop])) {
      split.whole.push_back(loop);
      parts *= extent;
      continue;
    }
    split.steps = largestDivisor(extent, std::max<int64_t>(wanted / parts, 1));
    if (split.steps > 1)
      split.loop = loop;
    parts *= split.steps;
    break;
  }
  bool leavesSums = split.whole.size() < op.getNumReductionLoops();
  return leavesSums && parts >= kFewestParts ? std::optional(split) : std::nullopt;
}

// The type of all parts of a result.
static RankedTensorType partsType(GenericOp op, const Split &split, OpOperand &init) {
  SmallVector<int64_t> shape, extents = op.getStaticLoopRanges();
  for (unsigned loop : split.whole)
    shape.push_back(extents[loop]);
  if (split.loop)
    shape.push_back(split.steps);
  auto type = cast<RankedTensorType>(init.get().getType());
  llvm::append_range(shape, type.getShape());
  return type.clone(shape);
}

// Loop l of the op in the loops of its parts: the one in steps is two there.
static SmallVector<AffineExpr> renameLoops(GenericOp op, const Split &split) {
  MLIRContext *context = op.getContext();
  SmallVector<AffineExpr> names;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    unsigned shift = split.loop && loop > *split.loop ? 1 : 0;
    AffineExpr name = getAffineDimExpr(loop + shift, context);
    if (loop == split.loop) {
      int64_t length = op.getStaticLoopRanges()[loop] / split.steps;
      name = name * length + getAffineDimExpr(loop + 1, context);
    }
    names.push_back(name);
  }
  return names;
}

static GenericOp sumParts(const Build &build, GenericOp op, const Split &split) {
  OpBuilder &builder = build.builder;
  unsigned rank = op.getNumLoops() + (split.loop ? 1 : 0);
  SmallVector<AffineExpr> names = renameLoops(op, split), leading;
  SmallVector<IteratorType> iterators = op.getIteratorTypesArray();
  for (unsigned loop : split.whole) {
    leading.push_back(names[loop]);
    iterators[loop] = IteratorType::parallel;
  }
  SmallVector<Value> inputs(op.getInputs()), inits;
  if (split.loop) {
    leading.push_back(getAffineDimExpr(*split.loop, op.getContext()));
    iterators.insert(iterators.begin() + *split.loop, IteratorType::parallel);
    int64_t length = op.getStaticLoopRanges()[*split.loop] / split.steps;
    inputs.push_back(build.constant({length}, 0.0f)); // which costs no buffer
  }
  SmallVector<AffineMap> maps;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand).replaceDimsAndSymbols(names, {}, rank, 0);
    if (op.isDpsInit(&operand)) {
      if (split.loop && inits.empty())
        maps.push_back(build.map(rank, getAffineDimExpr(*split.loop + 1, op.getContext())));
      inits.push_back(build.filled(partsType(op, split, operand), 0));
      SmallVector<AffineExpr> results(leading);
      llvm::append_range(results, map.getResults());
      map = build.map(rank, results);
    }
    maps.push_back(map);
  }
  GenericOp parts = GenericOp::create(builder, op.getLoc(), ValueRange(inits).getTypes(), inputs,
                                      inits, maps, iterators);
  parts.getRegion().takeBody(op.getRegion());
  if (split.loop)
    parts.getBlock()->insertArgument(op.getNumDpsInputs(), builder.getF32Type(), op.getLoc());
  return parts;
}

// Adds up parts: the leading dimensions of each result of `parts`, which its init lacks.
static GenericOp addParts(const Build &build, GenericOp parts, ValueRange inits) {
  auto type = cast<RankedTensorType>(parts.getResult(0).getType());
  unsigned rank = type.getRank();
  unsigned kept = cast<RankedTensorType>(inits.front().getType()).getRank();
  SmallVector<AffineMap> maps(inits.size(), build.identity(rank));
  maps.append(inits.size(), build.trailingDims(rank, kept));
  SmallVector<IteratorType> iterators(rank - kept, IteratorType::reduction);
  iterators.append(kept, IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location loc, ValueRange elements) {
    SmallVector<Value> sums;
    for (unsigned i = 0; i < inits.size(); ++i)
      sums.push_back(arith::AddFOp::create(b, loc, elements[inits.size() + i], elements[i]));
    linalg::YieldOp::create(b, loc, sums);
  };
  return GenericOp::create(build.builder, build.loc, inits.getTypes(), parts.getResults(), inits,
                           maps, iterators, body);
}

static void splitSum(GenericOp op, const Split &split, Value batch) {
  OpBuilder builder(op);
  Build build{builder, op.getLoc(), batch};
  SmallVector<Value> inits(op.getOutputs());
  GenericOp parts = sumParts(build, op, split);
  op.replaceAllUsesWith(addParts(build, parts, inits).getResults());
  op.erase();
}

namespace {
struct SplitReductions : schedule::impl::SplitReductionsBase<SplitReductions> {
  void runOnOperation() override {
    SmallVector<GenericOp> sums = llvm::filter_to_vector(getOperation().getOps<GenericOp>(), isSum);
    Value batch = nn::findBatch(getOperation());
    for (GenericOp sum : sums)
      if (std::optional<Split> split = chooseSplit(sum))
        splitSum(sum, *split, batch);
  }
};
} // namespace
