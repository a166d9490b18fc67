//===- NarrowFloats.cpp - activations in memory as bfloat16 ---------------------------===//
//
// Types of tensors between ops change, those that Narrowing.cpp chooses. Arithmetic stays float32:
// elements are extended where they are read and rounded where they are written.
//
//   %y = kernel.implicit_gemm ins(%x, %w : tensor<?x8x8x64xf32>, ...) outs(%e : ...xf32)
//   %z = linalg.generic ins(%y : tensor<?x8x8x64xf32>) outs(%e : tensor<?x8x8x64xf32>) {
//     %m = arith.maximumf %in, %zero : f32
//   ->
//   %n = linalg.generic ins(%w) outs(%d : tensor<3x3x64x64xbf16>) { arith.truncf }
//   %y = kernel.implicit_gemm ins(%x, %n : tensor<?x8x8x64xbf16>, ...) outs(%e : ...xbf16)
//   %z = linalg.generic ins(%y : tensor<?x8x8x64xbf16>) outs(%e : tensor<?x8x8x64xbf16>) {
//     %w = arith.extf %in : bf16 to f32
//     %m = arith.maximumf %w, %zero : f32
//     %t = arith.truncf %m : f32 to bf16
//
// Kernels of layers are rounded by an op of their own. Of parameters in @forward that is done once:
// dlc-outline-prepare, which runs again after this, moves it to @prepare. A train step does it each
// time: a product reads its kernel once for each row of tiles, as bfloat16 at half the bytes, and
// the rounding is 6 bytes an element, once.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/schedule/GpuTiles.h"
#include "compiler/schedule/Narrowing.h"
#include "compiler/schedule/Passes.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_NARROWFLOATS
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;

static Type narrowed(Type type) {
  return cast<RankedTensorType>(type).clone(BFloat16Type::get(type.getContext()));
}

static bool isNarrow(Value value) { return getElementTypeOrSelf(value).isBF16(); }

namespace {

class Narrowing {
public:
  explicit Narrowing(func::FuncOp func) : func(func), rewriter(func.getContext()) {}
  void run();

private:
  void generalize();
  void narrowOp(Operation *op);
  void narrowElements(linalg::GenericOp op);
  void narrowSelection(linalg::GenericOp op);
  void narrowProduct(kernel::ImplicitGemmOp op);
  void narrowProduct(kernel::ImplicitGemmWeightsOp op);
  Value narrowDestination(Value value);
  Value narrowCopy(Value value);

  func::FuncOp func;
  IRRewriter rewriter;
  llvm::SetVector<Value> chosen;
  DenseMap<Value, Value> destinations, copies;
};

} // namespace

// The same destination for bfloat16; what is no destination has its new type already.
Value Narrowing::narrowDestination(Value value) {
  if (isNarrow(value))
    return value;
  Value &known = destinations[value];
  if (known)
    return known;
  Operation *op = value.getDefiningOp();
  Value inner;
  if (!isa<tensor::EmptyOp>(op))
    inner = narrowDestination(op->getOperands().take_front(isa<linalg::FillOp>(op) ? 2 : 1).back());
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfter(op);
  Value made;
  if (auto fill = dyn_cast<linalg::FillOp>(op)) {
    Value number = arith::TruncFOp::create(rewriter, op->getLoc(), rewriter.getBF16Type(),
                                           fill.getInputs()[0]);
    made = linalg::FillOp::create(rewriter, op->getLoc(), number, inner).getResult(0);
  } else {
    Operation *clone = rewriter.clone(*op);
    clone->getResult(0).setType(narrowed(value.getType()));
    if (inner)
      clone->setOperand(0, inner);
    made = clone->getResult(0);
  }
  return destinations[value] = made;
}

// The value rounded by an op of its own, behind views of it, where the first reader stands: before
// that nobody has to keep it.
Value Narrowing::narrowCopy(Value value) {
  if (isNarrow(value))
    return value;
  if (Value known = copies.lookup(value))
    return known;
  auto type = cast<RankedTensorType>(narrowed(value.getType()));
  Operation *op = value.getDefiningOp();
  if (isView(op)) {
    Value source = narrowCopy(op->getOperand(0));
    Operation *clone = rewriter.clone(*op);
    clone->setOperand(0, source);
    clone->getResult(0).setType(type);
    return copies[value] = clone->getResult(0);
  }
  ops::Build build{rewriter, value.getLoc(), nn::findBatch(func)};
  AffineMap map = build.identity(type.getRank());
  return copies[value] =
             build.generic(value, build.empty(type), {map, map},
                           [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                             return arith::TruncFOp::create(b, loc, type.getElementType(), args[0]);
                           });
}

// Extends what the body reads, rounds what it yields.
void Narrowing::narrowElements(linalg::GenericOp op) {
  Block *body = op.getBlock();
  Type wide = rewriter.getF32Type(), narrow = rewriter.getBF16Type();
  for (OpOperand &operand : op->getOpOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(&operand);
    if (!isNarrow(operand.get()) || argument.getType() == narrow)
      continue;
    argument.setType(narrow);
    if (argument.use_empty())
      continue;
    rewriter.setInsertionPointToStart(body);
    Value extended = arith::ExtFOp::create(rewriter, op.getLoc(), wide, argument);
    argument.replaceAllUsesExcept(extended, extended.getDefiningOp());
  }
  Operation *yield = body->getTerminator();
  rewriter.setInsertionPoint(yield);
  for (auto [result, operand] : llvm::zip_equal(op.getResults(), yield->getOpOperands()))
    if (isNarrow(result))
      operand.set(arith::TruncFOp::create(rewriter, op.getLoc(), narrow, operand.get()));
}

void Narrowing::narrowSelection(linalg::GenericOp op) {
  Type narrow = rewriter.getBF16Type();
  Block *body = op.getBlock();
  body->getArgument(0).setType(narrow);
  body->getArguments().back().setType(narrow);
  for (Operation &inner : body->without_terminator())
    inner.getResult(0).setType(narrow);
}

// A kernel is as narrow as the image beside it.
void Narrowing::narrowProduct(kernel::ImplicitGemmOp op) {
  if (!isNarrow(op.getInput()))
    return;
  rewriter.setInsertionPoint(op);
  op.getWeightsMutable().set(narrowCopy(op.getWeights()));
  ArrayRef<int64_t> kernel = kernel::shapeOf(op.getWeights());
  op.setCtaAttr(narrowTile(op.getCta(), kernel[0] * kernel[1] * kernel[2]));
}

// Operands of a gradient may differ.
void Narrowing::narrowProduct(kernel::ImplicitGemmWeightsOp op) {
  ArrayRef<int64_t> image = kernel::shapeOf(op.getGradient());
  int64_t batch = ShapedType::isDynamic(image[0]) ? kTypicalBatch : image[0];
  if (isNarrow(op.getInput()) && isNarrow(op.getGradient()))
    op.setCtaAttr(narrowTile(op.getCta(), batch * image[1] * image[2]));
}

void Narrowing::narrowOp(Operation *op) {
  for (OpResult result : op->getResults())
    if (chosen.contains(result)) {
      result.setType(narrowed(result.getType()));
      if (auto destinationStyle = dyn_cast<DestinationStyleOpInterface>(op)) {
        OpOperand *init = destinationStyle.getTiedOpOperand(result);
        init->set(narrowDestination(init->get()));
      }
    }
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op); insert && isNarrow(insert.getResult()))
    insert.getDestMutable().set(narrowDestination(insert.getDest()));
  if (auto product = dyn_cast<kernel::ImplicitGemmOp>(op))
    narrowProduct(product);
  if (auto gradient = dyn_cast<kernel::ImplicitGemmWeightsOp>(op))
    narrowProduct(gradient);
  // A copy's body is that of its types.
  if (auto copy = dyn_cast<linalg::CopyOp>(op)) {
    rewriter.setInsertionPoint(copy);
    rewriter.replaceOpWithNewOp<linalg::CopyOp>(copy, copy.getInputs(), copy.getOutputs());
  }
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (generic && isSelection(generic) && isNarrow(generic.getResult(0)))
    narrowSelection(generic);
  else if (generic)
    narrowElements(generic);
}

// Named ops have bodies for one type.
void Narrowing::generalize() {
  auto isChosen = [&](Value value) { return chosen.contains(value); };
  for (linalg::LinalgOp op : llvm::to_vector(func.getOps<linalg::LinalgOp>())) {
    if (isa<linalg::GenericOp, linalg::FillOp, linalg::CopyOp>(op) ||
        !(llvm::any_of(op->getOperands(), isChosen) || llvm::any_of(op->getResults(), isChosen)))
      continue;
    SmallVector<bool> results = llvm::map_to_vector(op->getResults(), isChosen);
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::GenericOp> generic = linalg::generalizeNamedOp(rewriter, op);
    for (auto [index, isNarrow] : llvm::enumerate(results))
      if (isNarrow && succeeded(generic))
        chosen.insert(generic->getResult(index));
  }
}

void Narrowing::run() {
  chosen = chooseNarrow(func);
  generalize();
  for (Operation &op : llvm::make_early_inc_range(func.getBody().front()))
    if (op.getNumOperands())
      narrowOp(&op);
}

namespace {
struct NarrowFloats : schedule::impl::NarrowFloatsBase<NarrowFloats> {
  void runOnOperation() override { Narrowing(getOperation()).run(); }
};
} // namespace
