//===- ChooseBatchStep.cpp - how many samples pass through the network at once ------===//
//
// A large batch layer by layer leaves each layer's results to memory, where the next one finds
// them; a few samples at a time leave them in the cache. But a matrix product reads all its weights
// for each step, so that many of those want many samples. The step is what moves the fewest bytes
// of memory per sample, by the estimate
//
//   weights of matrix products / step + (step * arena share <= cache ? 0 : 2 * all results)
//
//   func.func @forward(...) attributes {nn.arena_batch = 7000000 : i64}
//   ->
//   func.func @forward(...) attributes {nn.arena_batch = 7000000 : i64, nn.batch_step = 2 : i64}
//
// Without the attribute a batch is never split.
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace dlc::memory {
#define GEN_PASS_DEF_CHOOSEBATCHSTEP
#include "compiler/memory/Passes.h.inc"
} // namespace dlc::memory

using namespace mlir;
using namespace dlc;

static double bytesOf(Value buffer) {
  return kernel::bytesOfSample(cast<MemRefType>(buffer.getType()));
}

namespace {

struct ChooseBatchStep : memory::impl::ChooseBatchStepBase<ChooseBatchStep> {
  using ChooseBatchStepBase::ChooseBatchStepBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    auto share = function->getAttrOfType<IntegerAttr>(nn::kArenaBatchAttr);
    if (!share || share.getInt() == 0)
      return;
    double weights = 0, results = 0;
    function.walk([&](kernel::GemmOp op) { weights += bytesOf(op.getWeights()); });
    function.walk([&](memref::ViewOp view) {
      if (!view.getType().hasStaticShape())
        results += bytesOf(view.getResult());
    });
    // The most that fits moves the fewest weights.
    int64_t step = cacheBytes / share.getInt();
    if (step > 0 && weights / step < 2 * results)
      function->setAttr(nn::kBatchStepAttr, Builder(function.getContext()).getI64IntegerAttr(step));
  }
};

} // namespace
