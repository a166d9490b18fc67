//===- Group.cpp - fused groups -----------------------------------------------------===//

#include "compiler/ops/Models.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

// A group that found no kernel is its ops, one after the other; linalg fuses them again.
static LoweredValues lowerGroup(nn::GroupOp group, OpBuilder &builder, Value batch) {
  IRMapping mapping;
  Block &body = group.getBody().front();
  mapping.map(body.getArguments(), group.getInputs());
  for (Operation &op : body.without_terminator()) {
    Operation *copy = builder.clone(op, mapping);
    auto lowering = dyn_cast<nn::LinalgLoweringOpInterface>(copy);
    LoweredValues values = failure();
    if (lowering)
      values = lowering.buildLinalg(builder, batch);
    if (succeeded(values))
      mapping.map(op.getResults(), *values);
    copy->erase();
    if (failed(values))
      return op.emitOpError("has no lowering to linalg");
  }
  return SmallVector<Value>{mapping.lookup(body.getTerminator()->getOperand(0))};
}

void dlc::ops::addGroupModels(MLIRContext *context) { addLinalg<nn::GroupOp, lowerGroup>(context); }
