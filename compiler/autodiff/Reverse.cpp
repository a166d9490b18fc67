//===- Reverse.cpp - the reverse walk -----------------------------------------------===//

#include "compiler/autodiff/Reverse.h"
#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::autodiff;

Reverse::Reverse(OpBuilder &builder, Block &block, ValueRange sources)
    : builder(builder), active(sources.begin(), sources.end()) {
  for (Operation &op : block) {
    forward.push_back(&op);
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return active.contains(operand); }))
      active.insert(op.result_begin(), op.result_end());
  }
}

void Reverse::add(Value value, Value part) {
  Value &sum = gradients[value];
  sum = sum ? Value(nn::AddOp::create(builder, value.getLoc(), sum.getType(), sum, part)) : part;
}

LogicalResult Reverse::visit(Operation *op) {
  SmallVector<Value> upstream =
      llvm::map_to_vector(op->getResults(), [&](Value result) { return gradients.lookup(result); });
  SmallVector<bool> wanted = llvm::map_to_vector(
      op->getOperands(), [&](Value operand) { return active.contains(operand); });
  if (llvm::none_of(upstream, [](Value g) { return bool(g); }) || !llvm::is_contained(wanted, true))
    return success();
  auto differentiable = dyn_cast<nn::DifferentiableOpInterface>(op);
  if (!differentiable)
    return op->emitOpError("has no gradient, but a trainable parameter lies before it");
  SmallVector<Value> parts(op->getNumOperands());
  if (failed(differentiable.buildGradient(builder, upstream, wanted, parts)))
    return failure();
  for (auto [operand, part] : llvm::zip_equal(op->getOperands(), parts))
    if (part)
      add(operand, part);
  return success();
}

LogicalResult Reverse::run() {
  for (Operation *op : llvm::reverse(forward))
    if (failed(visit(op)))
      return failure();
  return success();
}
