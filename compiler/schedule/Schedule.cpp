//===- Schedule.cpp - kernels, layouts and tiles ------------------------------------===//
//
// One walk over an entry function in program order. Groups around an anchor, poolings, and whatever
// is elementwise between blocked images become kernel ops (or linalg ops) on blocked tensors; each
// result is unpacked, and each use of an unpacked value that can read the blocked form does so.
// What is left unused is dropped, so reorders remain only where a plain value is really needed.
//
//   %1 = nn.group %x, %w, %b {conv2d, relu}   %2 = kernel.pack <conv> ins(%w) outs(...)
//   %3 = nn.pool2d %1                    ->   %3 = kernel.conv ins(%x1, %2, %b1) outs(...) {tile
//   ...}
//                                             %4 = kernel.pool ins(%3) outs(...)
//                                             %5 = kernel.unpack <image> ins(%4) outs(...)
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Algorithms.h"
#include "compiler/schedule/Blocked.h"
#include "compiler/schedule/Lower.h"
#include "compiler/schedule/Passes.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_SCHEDULE
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;

// Ops whose results nothing reads any more, last first so that chains disappear.
static void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

static double bytesOfWeights(func::FuncOp function) {
  double bytes = 0;
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), nn::kParamAttr))
      bytes += kernel::bytesOfSample(cast<RankedTensorType>(argument.getType()));
  return bytes;
}

// Near caches keep most weights of a small network from call to call: to read them costs nothing.
static CostTable costsWith(double bytesOfWeights, CostTable costs) {
  if (bytesOfWeights > 0 && findWeights(costs, /*bytes=*/0, bytesOfWeights) == WeightsHome::Near)
    costs.byte = 0;
  return costs;
}

namespace {

struct Schedule : schedule::impl::ScheduleBase<Schedule> {
  using ScheduleBase::ScheduleBase;

  void runOnOperation() override {
    std::optional<TargetFacts> facts = lookupTarget(march);
    if (!facts) {
      getOperation().emitError("no facts are known of the CPU '") << march << "'";
      return signalPassFailure();
    }
    if (!costs.empty()) {
      std::optional<CostTable> table = makeCosts(SmallVector<double>(costs.begin(), costs.end()));
      if (!table) {
        getOperation().emitError("expected ")
            << costFields().size() << " costs, got " << costs.size();
        return signalPassFailure();
      }
      facts->costs = *table;
    }
    double bytes = bytesOfWeights(getOperation());
    facts->costs = costsWith(bytes, facts->costs);
    Block &body = getOperation().getBody().front();
    OpBuilder builder(&getContext());
    Blocker blocker(builder, *facts, nn::findBatch(getOperation()), winograd, weightPrecision,
                    bytes);
    for (Operation &op : llvm::make_early_inc_range(body)) {
      builder.setInsertionPoint(&op);
      SmallVector<Value> replacements = lowerToKernel(blocker, &op);
      if (replacements.empty())
        continue;
      op.replaceAllUsesWith(replacements);
      op.erase();
    }
    eraseDead(body);
  }
};

} // namespace
