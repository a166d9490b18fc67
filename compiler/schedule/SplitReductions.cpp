//===- SplitReductions.cpp - long sums to few points, in parts ------------------------===//
//
// A sum over all pixels for each of 64 channels is work for two blocks of threads, and a GPU has
// more than a hundred multiprocessors. Sums of sums become one, sums that read the same become
// results of one op, and long sums to few points are split: parts of neighbouring pixels are summed
// apart, then the parts. Their number depends on shapes only, so the bits are the same every time.
//
//   %0 = sum over w of %x : tensor<?x28x28x64xf32>
//   %1 = sum over h of %0
//   %2 = sum over n of %1 : tensor<64xf32>
//   ->
//   %parts = linalg.generic                                       // h is 14 a + b
//       {(n, a, b, w, c) -> (n, 14 a + b, w, c), (n, a, b, w, c) -> (b), (n, a, b, w, c) -> (n, a,
//       c)} ins(%x, %zeros : tensor<?x28x28x64xf32>, tensor<14xf32>) outs(%zero :
//       tensor<?x2x64xf32>)
//   %2 = linalg.generic {(n, a, c) -> (n, a, c), (n, a, c) -> (c)}
//       ins(%parts) outs(%zero : tensor<64xf32>)
//
// The operand of 14 elements is never read: it says how far b goes.
//
//===----------------------------------------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/schedule/Passes.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_SPLITREDUCTIONS
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using linalg::GenericOp;
using ops::Build;
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

static bool startsAtZero(OpOperand &init) {
  auto fill = init.get().getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs().front(), m_AnyZeroFloat());
}

// All results are sums that start at zero.
static bool isSum(GenericOp op) {
  if (!op || op.getNumReductionLoops() == 0 || op.hasIndexSemantics())
    return false;
  for (auto [init, yielded] :
       llvm::zip_equal(op.getDpsInitsMutable(), op.getBlock()->getTerminator()->getOperands())) {
    BlockArgument before = op.getMatchingBlockArgument(&init);
    auto sum = yielded.getDefiningOp<arith::AddFOp>();
    if (!startsAtZero(init) || !sum || !before.hasOneUse() || *before.user_begin() != sum ||
        !sum->hasOneUse())
      return false;
  }
  return true;
}

// Adds up its one input, and does nothing else.
static bool addsInput(GenericOp op) {
  return isSum(op) && op.getNumDpsInputs() == 1 && op.getNumDpsInits() == 1 &&
         llvm::hasNItems(op.getBlock()->getOperations(), 2) &&
         op.getBlock()->getArgument(0).hasOneUse();
}

//===----------------------------------------------------------------------===//
// Sums of sums
//===----------------------------------------------------------------------===//

// The sum of `inner`'s sums as one; null where they are anything else.
static GenericOp joinChain(GenericOp outer) {
  if (!addsInput(outer))
    return {};
  auto inner = outer.getInputs().front().getDefiningOp<GenericOp>();
  if (!isSum(inner) || inner.getNumResults() != 1 || !inner->hasOneUse())
    return {};
  AffineMap between = inner.getIndexingMapsArray().back();
  AffineMap read = outer.getIndexingMapsArray().front();
  if (!between.isProjectedPermutation() || !read.isPermutation())
    return {};
  SmallVector<IteratorType> iterators = inner.getIteratorTypesArray();
  SmallVector<AffineExpr> loops(outer.getNumLoops());
  for (auto [from, to] : llvm::zip_equal(between.getResults(), read.getResults())) {
    unsigned loop = cast<AffineDimExpr>(to).getPosition();
    loops[loop] = from;
    iterators[cast<AffineDimExpr>(from).getPosition()] = outer.getIteratorTypesArray()[loop];
  }
  SmallVector<AffineMap> maps = inner.getIndexingMapsArray();
  maps.back() =
      outer.getIndexingMapsArray().back().replaceDimsAndSymbols(loops, {}, inner.getNumLoops(), 0);
  OpBuilder builder(outer);
  GenericOp whole = GenericOp::create(builder, inner.getLoc(), outer.getOutputs().getTypes(),
                                      inner.getInputs(), outer.getOutputs(), maps, iterators);
  whole.getRegion().takeBody(inner.getRegion());
  outer.replaceAllUsesWith(whole.getResults());
  outer.erase();
  inner.erase();
  return whole;
}

//===----------------------------------------------------------------------===//
// Sums that read the same
//===----------------------------------------------------------------------===//

static bool haveSameLoops(GenericOp a, GenericOp b) {
  return a.getNumLoops() == b.getNumLoops() &&
         a.getIndexingMapsArray().back() == b.getIndexingMapsArray().back() &&
         a.getIteratorTypesArray() == b.getIteratorTypesArray() &&
         a.getStaticLoopRanges() == b.getStaticLoopRanges();
}

// Some input is read by both at the same places.
static bool shareInput(GenericOp a, GenericOp b) {
  return llvm::any_of(a.getDpsInputOperands(), [&](OpOperand *x) {
    return llvm::any_of(b.getDpsInputOperands(), [&](OpOperand *y) {
      return x->get() == y->get() && a.getMatchingIndexingMap(x) == b.getMatchingIndexingMap(y);
    });
  });
}

// Whether all of an op's operands are there before `place`.
static bool canMoveTo(GenericOp op, Operation *place) {
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    Operation *producer = operand.getDefiningOp();
    if (producer && isa<linalg::FillOp>(producer))
      return true;
    return !producer || producer->getBlock() != place->getBlock() ||
           producer->isBeforeInBlock(place);
  });
}

// Fills may stand behind the place that an op moves to.
static void moveFills(GenericOp op, Operation *place) {
  for (Value init : op.getOutputs())
    if (auto fill = init.getDefiningOp<linalg::FillOp>())
      if (place->isBeforeInBlock(fill))
        for (Operation *before : {fill.getOutputs().front().getDefiningOp(),
                                  fill.getInputs().front().getDefiningOp(), fill.getOperation()})
          if (before && before->getBlock() == place->getBlock() && place->isBeforeInBlock(before))
            before->moveBefore(place);
}

namespace {
/// Two ops of the same loops as one. What both read at the same places is one operand.
struct Joint {
  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> inputMaps;
  IRMapping arguments; // of both bodies -> of the joint one

  void add(GenericOp op, Block *body);
  unsigned place(Value value, AffineMap map);
};
} // namespace

unsigned Joint::place(Value value, AffineMap map) {
  for (unsigned i = 0; i < inputs.size(); ++i)
    if (inputs[i] == value && inputMaps[i] == map)
      return i;
  inputs.push_back(value);
  inputMaps.push_back(map);
  return inputs.size() - 1;
}

// Inputs come first in the body, so all of these are added before any destination.
void Joint::add(GenericOp op, Block *body) {
  for (OpOperand *input : op.getDpsInputOperands()) {
    unsigned index = place(input->get(), op.getMatchingIndexingMap(input));
    if (index == body->getNumArguments())
      body->addArgument(getElementTypeOrSelf(input->get()), input->get().getLoc());
    arguments.map(op.getMatchingBlockArgument(input), body->getArgument(index));
  }
}

// `later` becomes results of `first`, at its place.
static GenericOp joinSiblings(GenericOp first, GenericOp later) {
  moveFills(later, first);
  Region region;
  Block *body = &region.emplaceBlock();
  Joint joint;
  for (GenericOp op : {first, later})
    joint.add(op, body);
  SmallVector<AffineMap> maps = joint.inputMaps;
  for (GenericOp op : {first, later})
    for (OpOperand &init : op.getDpsInitsMutable()) {
      joint.inits.push_back(init.get());
      maps.push_back(op.getMatchingIndexingMap(&init));
      joint.arguments.map(op.getMatchingBlockArgument(&init),
                          body->addArgument(getElementTypeOrSelf(init.get()), op.getLoc()));
    }
  OpBuilder builder(first.getContext());
  builder.setInsertionPointToEnd(body);
  SmallVector<Value> yielded;
  for (GenericOp op : {first, later}) {
    for (Operation &inner : op.getBlock()->without_terminator())
      builder.clone(inner, joint.arguments);
    for (Value value : op.getBlock()->getTerminator()->getOperands())
      yielded.push_back(joint.arguments.lookupOrDefault(value));
  }
  linalg::YieldOp::create(builder, first.getLoc(), yielded);
  builder.setInsertionPoint(first);
  auto both = GenericOp::create(builder, first.getLoc(), ValueRange(joint.inits).getTypes(),
                                joint.inputs, joint.inits, maps, first.getIteratorTypesArray());
  both.getRegion().takeBody(region);
  first.replaceAllUsesWith(both.getResults().take_front(first.getNumResults()));
  later.replaceAllUsesWith(both.getResults().take_back(later.getNumResults()));
  first.erase();
  later.erase();
  return both;
}

static void joinAllSiblings(SmallVector<GenericOp> &sums) {
  for (unsigned i = 0; i < sums.size(); ++i)
    for (unsigned j = i + 1; j < sums.size();) {
      if (haveSameLoops(sums[i], sums[j]) && shareInput(sums[i], sums[j]) &&
          canMoveTo(sums[j], sums[i])) {
        sums[i] = joinSiblings(sums[i], sums[j]);
        sums.erase(sums.begin() + j);
      } else {
        ++j;
      }
    }
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

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
    for (GenericOp op : llvm::make_early_inc_range(getOperation().getOps<GenericOp>()))
      while (op)
        op = joinChain(op);
    SmallVector<GenericOp> sums = llvm::filter_to_vector(getOperation().getOps<GenericOp>(), isSum);
    joinAllSiblings(sums);
    Value batch = nn::findBatch(getOperation());
    for (GenericOp sum : sums)
      if (std::optional<Split> split = chooseSplit(sum))
        splitSum(sum, *split, batch);
  }
};
} // namespace
