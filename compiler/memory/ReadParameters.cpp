//===- ReadParameters.cpp - parameters come one by one ------------------------------===//
//
// A network's weights twice in memory, as they come and as they are packed, are twice too many. So
// @prepare takes no parameters: it reads each right before its first use, into a buffer that dies
// with its last. The arena's planner then gives all of them the same place, as large as the
// largest.
//
//   func @prepare(%w: memref<4xf32> {nn.param = "w"}, ...) {   func @prepare(...) {
//     kernel.pack ins(%w) ...                             ->     %b = memref.alloc() :
//     memref<4xf32>
//                                                                kernel.read_param 0 into %b
//                                                                kernel.pack ins(%b) ...
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace dlc::memory {
#define GEN_PASS_DEF_READPARAMETERS
#include "compiler/memory/Passes.h.inc"
} // namespace dlc::memory

using namespace mlir;
using namespace dlc;

static Operation *firstUser(BlockArgument parameter) {
  Operation *first = nullptr;
  for (Operation *user : parameter.getUsers()) {
    Operation *op = parameter.getOwner()->findAncestorOpInBlock(*user);
    first = !first || op->isBeforeInBlock(first) ? op : first;
  }
  return first;
}

static void readBeforeUse(BlockArgument parameter, int64_t index) {
  Operation *first = firstUser(parameter);
  if (!first)
    return;
  OpBuilder builder(first);
  Location loc = parameter.getLoc();
  Value buffer =
      memref::AllocOp::create(builder, loc, cast<MemRefType>(parameter.getType())).getMemref();
  parameter.replaceAllUsesWith(buffer);
  kernel::ReadParamOp::create(builder, loc, index, buffer);
}

namespace {

struct ReadParameters : memory::impl::ReadParametersBase<ReadParameters> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    BitVector parameters(function.getNumArguments());
    int64_t count = 0;
    for (BlockArgument argument : function.getArguments())
      if (function.getArgAttr(argument.getArgNumber(), nn::kParamAttr)) {
        parameters.set(argument.getArgNumber());
        readBeforeUse(argument, count++);
      }
    if (failed(function.eraseArguments(parameters)))
      signalPassFailure();
  }
};

} // namespace
