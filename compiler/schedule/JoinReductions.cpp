//===- JoinReductions.cpp - sums of sums, and sums that read the same ------------------===//
//
// Sums of sums become one, and sums that read the same at the same places become results of one op,
// which reads it once.
//
//   %0 = sum over w of %x : tensor<?x28x28x64xf32>
//   %1 = sum over h of %0
//   %2 = sum over n of %1 : tensor<64xf32>
//   %3 = sum over n, h, w of %x * %y
//   ->
//   %2:2 = linalg.generic {(n, h, w, c) -> (n, h, w, c), ..., (n, h, w, c) -> (c), ...}
//       ins(%x, %y) outs(%zero, %zero : tensor<64xf32>, tensor<64xf32>)
//
//===----------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "compiler/schedule/Sums.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_JOINREDUCTIONS
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using linalg::GenericOp;
using schedule::isSum;
using utils::IteratorType;

static bool startsAtZero(OpOperand &init) {
  auto fill = init.get().getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs().front(), m_AnyZeroFloat());
}

bool dlc::schedule::isSum(GenericOp op) {
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

namespace {
struct JoinReductions : schedule::impl::JoinReductionsBase<JoinReductions> {
  void runOnOperation() override {
    for (GenericOp op : llvm::make_early_inc_range(getOperation().getOps<GenericOp>()))
      while (op)
        op = joinChain(op);
    SmallVector<GenericOp> sums = llvm::filter_to_vector(getOperation().getOps<GenericOp>(), isSum);
    joinAllSiblings(sums);
  }
};
} // namespace
