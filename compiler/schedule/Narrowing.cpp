//===- Narrowing.cpp - which tensors lie in memory as bfloat16 -----------------------===//
//
// Those that carry the batch, and come from matrix products or go to them, by elementwise ops only:
// activations and their gradients. All else stays float32:
// - arguments and results of functions: inputs, outputs, parameters, their gradients, state;
// - what a reduction computes, and what is computed from such alone: statistics, losses. The
//   largest of a window is no arithmetic, it stays as narrow as its input;
// - what a reduction adds up along rows, and a product's results that only such sums read: the
//   makings of a softmax and its loss;
// - rows of an odd number of elements, which no asynchronous copy takes whole.
// Factors of products that carry no batch, as transposed kernels, are bfloat16 where the other one
// is.
//
// All that may be narrow is, at first; what breaks a rule goes, until nothing does.
//
//===--------------------------------------------------------------------------------===//

#include "compiler/schedule/Narrowing.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace dlc;
using schedule::isView;

bool schedule::isView(Operation *op) {
  return isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::ExtractSliceOp,
                         tensor::CastOp>(op);
}

// Holds nothing that anybody wants, or a constant: may be made anew with another element type.
static bool isDestination(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto slice = dyn_cast_or_null<tensor::ExtractSliceOp>(op))
    return isDestination(slice.getSource());
  if (auto fill = dyn_cast_or_null<linalg::FillOp>(op))
    return isDestination(fill.getOutputs()[0]);
  return isa_and_nonnull<tensor::EmptyOp>(op);
}

static bool isParallel(Operation *op) {
  auto linalgOp = dyn_cast_or_null<linalg::LinalgOp>(op);
  return linalgOp && !isa<linalg::FillOp>(op) && linalgOp.getNumReductionLoops() == 0;
}

bool schedule::isSelection(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInits() != 1 || op.getNumDpsInputs() == 0)
    return false;
  Block *body = op.getBlock();
  Value yielded = body->getTerminator()->getOperand(0);
  auto largest = yielded.getDefiningOp<arith::MaximumFOp>();
  BlockArgument in = body->getArgument(0), out = body->getArguments().back();
  if (!largest || !llvm::hasSingleElement(body->without_terminator()) ||
      !llvm::is_contained(largest->getOperands(), in) ||
      !llvm::is_contained(largest->getOperands(), out))
    return false;
  // Rows of channels, not the largest of a row.
  AffineMap from = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap to = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  return to.getNumResults() > 1 && from.getResults().back() == to.getResults().back();
}

// A or B of a matrix product.
static bool isFactor(OpOperand &use) {
  return isa<kernel::ImplicitGemmOp, kernel::ImplicitGemmWeightsOp>(use.getOwner()) &&
         use.getOperandNumber() < 2;
}

// The other factor of the same product.
static Value otherFactor(OpOperand &use) {
  return use.getOwner()->getOperand(1 - use.getOperandNumber());
}

namespace {

class Choice {
public:
  explicit Choice(func::FuncOp func) : func(func) {}
  llvm::SetVector<Value> run();

private:
  using Test = llvm::function_ref<bool(Value)>;
  void collect(Test test);
  void shrink(Test test);
  bool isNarrow(Value value) const { return narrow.contains(value); }
  bool agreesWithDefinition(Value value) const;
  bool agreesWithUse(OpOperand &use) const;
  bool mayBeNarrow(Value value) const;
  bool isWorthIt(Value value) const;
  bool isFactorAlone(Value value) const;
  bool isNarrowSomewhere(Value value) const;
  bool comesFromProduct(Value value) const;

  func::FuncOp func;
  llvm::SetVector<Value> narrow;
  mutable DenseMap<Value, bool> fromProduct;
};

} // namespace

static bool carriesBatch(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() > 1 && type.isDynamicDim(0) && type.getShape().back() % 2 == 0;
}

// Whether `test` holds for a use of the value, or of what it is a view or a part of.
static bool anyUse(Value value, llvm::function_ref<bool(OpOperand &)> test) {
  return llvm::any_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    bool passes = isView(user) || isa<tensor::InsertSliceOp>(user);
    return passes ? anyUse(user->getResult(0), test) : test(use);
  });
}

static bool addsUpRow(OpOperand &use) {
  auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
  if (!op || !op.isDpsInput(&use))
    return false;
  AffineMap map = op.getMatchingIndexingMap(&use);
  auto last = map.getNumResults() ? dyn_cast<AffineDimExpr>(map.getResults().back()) : nullptr;
  return last && op.getIteratorTypesArray()[last.getPosition()] == utils::IteratorType::reduction;
}

// Through elementwise ops, some of the value's elements come from a product.
bool Choice::comesFromProduct(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op || isa<kernel::GpuKernelOpInterface>(op))
    return op;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  bool passes = isView(op) || isa<tensor::InsertSliceOp>(op) || isParallel(op) ||
                (linalgOp && schedule::isSelection(linalgOp));
  if (!passes)
    return false;
  auto [known, isNew] = fromProduct.try_emplace(value, false);
  if (!isNew)
    return known->second;
  bool result = llvm::any_of(op->getOperands(), [&](Value operand) {
    return isa<RankedTensorType>(operand.getType()) && comesFromProduct(operand);
  });
  return fromProduct[value] = result;
}

//===----------------------------------------------------------------------===//
// What fits
//===----------------------------------------------------------------------===//

bool Choice::agreesWithDefinition(Value value) const {
  Operation *op = value.getDefiningOp();
  if (isView(op))
    return isNarrow(op->getOperand(0));
  auto fits = [&](Value init) { return isDestination(init) || isNarrow(init); };
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return isNarrow(insert.getSource()) && fits(insert.getDest());
  auto destinationStyle = dyn_cast<DestinationStyleOpInterface>(op);
  if (!destinationStyle || !fits(destinationStyle.getTiedOpOperand(cast<OpResult>(value))->get()))
    return false;
  if (isParallel(op) || isa<kernel::GpuKernelOpInterface>(op))
    return true;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  return linalgOp && schedule::isSelection(linalgOp) && isNarrow(linalgOp->getOperand(0));
}

bool Choice::agreesWithUse(OpOperand &use) const {
  Operation *user = use.getOwner();
  if (isView(user) || isa<tensor::InsertSliceOp>(user))
    return isNarrow(user->getResult(0));
  auto op = dyn_cast<DestinationStyleOpInterface>(user);
  if (!op || !isa<linalg::LinalgOp, kernel::GpuKernelOpInterface>(user))
    return false;
  if (op.isDpsInit(&use))
    return isNarrow(op.getTiedOpResult(&use));
  auto linalgOp = dyn_cast<linalg::LinalgOp>(user);
  return !linalgOp || isParallel(user) || !schedule::isSelection(linalgOp) ||
         isNarrow(user->getResult(0));
}

bool Choice::mayBeNarrow(Value value) const {
  return agreesWithDefinition(value) &&
         llvm::all_of(value.getUses(), [&](OpOperand &use) { return agreesWithUse(use); });
}

//===----------------------------------------------------------------------===//
// What pays
//===----------------------------------------------------------------------===//

// A reader that gains: a kernel, sums over pixels, an op with narrow results.
bool Choice::isNarrowSomewhere(Value value) const {
  return anyUse(value, [&](OpOperand &use) {
    Operation *user = use.getOwner();
    return isa<kernel::GpuKernelOpInterface>(user) || (!isParallel(user) && !addsUpRow(use)) ||
           llvm::any_of(user->getResults(), [&](Value result) { return isNarrow(result); });
  });
}

bool Choice::isWorthIt(Value value) const {
  if (isa<kernel::GpuKernelOpInterface>(value.getDefiningOp()))
    return isNarrowSomewhere(value);
  return !isParallel(value.getDefiningOp()) ||
         ((comesFromProduct(value) || anyUse(value, isFactor)) && !anyUse(value, addsUpRow));
}

// Of a value without a batch: products read it beside narrow factors, nothing else does.
bool Choice::isFactorAlone(Value value) const {
  Operation *op = value.getDefiningOp();
  if (isView(op) ? !isNarrow(op->getOperand(0)) : !isParallel(op) || !agreesWithDefinition(value))
    return false;
  return llvm::all_of(value.getUses(), [&](OpOperand &use) {
    if (isView(use.getOwner()))
      return isNarrow(use.getOwner()->getResult(0));
    return isFactor(use) && isNarrow(otherFactor(use));
  });
}

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

void Choice::collect(Test test) {
  for (Operation &op : func.getBody().front())
    for (Value result : op.getResults()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      if (type && type.getElementType().isF32() && !isDestination(result) && test(result))
        narrow.insert(result);
    }
}

void Choice::shrink(Test test) {
  while (narrow.remove_if([&](Value value) { return !test(value); }))
    ;
}

llvm::SetVector<Value> Choice::run() {
  collect(carriesBatch);
  shrink([&](Value value) { return mayBeNarrow(value) && isWorthIt(value); });
  llvm::SetVector<Value> activations = narrow;
  auto isStatic = [](Value value) {
    return cast<RankedTensorType>(value.getType()).hasStaticShape() && !value.use_empty();
  };
  collect(isStatic);
  shrink([&](Value value) { return activations.contains(value) || isFactorAlone(value); });
  return narrow;
}

llvm::SetVector<Value> schedule::chooseNarrow(func::FuncOp func) { return Choice(func).run(); }
