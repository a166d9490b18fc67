//===- JoinPooling.cpp - convolutions beside the max poolings that read them ---------===//
//
// A tile of outputs in the registers of a Winograd output transform holds whole windows of a max
// pooling: the largest of each is stored, and the image between the two is never written.
//
//   %1 = kernel.winograd ins(%x, %u, %b) outs(...)      %2 = kernel.winograd ins(%x, %u, %b)
//   %2 = kernel.pool ins(%1) outs(%y) {max, 2x2}   ->          outs(%y) {pool = 2}
//
// The joined kernel adds the bias and applies the epilogue after the pooling: to fewer elements,
// and with the same result where both rise with the sum.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_JOINPOOLING
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using kernel::shapeOf;

// True if the element that is stored never falls where the sum rises: rounded sums and the larger
// or smaller of two do not. All of it has to come from the sum, whose window the extras do not
// share.
static bool risesWithSum(Region &epilogue) {
  Block &block = epilogue.front();
  Value at = block.getArgument(0);
  auto isFixed = [&](Value value) {
    Operation *op = value.getDefiningOp();
    return op && op->hasTrait<OpTrait::ConstantLike>();
  };
  for (Operation &op : block.without_terminator()) {
    if (op.hasTrait<OpTrait::ConstantLike>())
      continue;
    if (!isa<arith::AddFOp, arith::MaximumFOp, arith::MinimumFOp>(op))
      return false;
    Value a = op.getOperand(0), b = op.getOperand(1);
    if (!(a == at && isFixed(b)) && !(b == at && isFixed(a)))
      return false;
    at = op.getResult(0);
  }
  return block.getTerminator()->getOperand(0) == at;
}

// The side of the windows where they are squares side by side that fill the image; otherwise 1.
static int64_t windowOf(kernel::PoolOp pool) {
  ArrayRef<int64_t> window = pool.getWindow(), image = shapeOf(pool.getInput());
  int64_t side = window[0];
  bool beside = window[1] == side && llvm::equal(pool.getStrides(), window) &&
                llvm::all_of(pool.getPadding(), [](int64_t p) { return p == 0; });
  bool fills = image[2] % side == 0 && image[3] % side == 0;
  return pool.getKind() == nn::PoolKind::Max && beside && fills ? side : 1;
}

// The kernel is made again with the smaller result.
template <typename OpTy> static void join(OpTy conv, kernel::PoolOp pool) {
  int64_t side = windowOf(pool);
  if (!conv.getResult()[0].hasOneUse() || conv.getPool() != 1 || side == 1 ||
      conv.getTileSize() % side || !conv.getExtras().empty() || !risesWithSum(conv.getEpilogue()))
    return;
  OpBuilder builder(pool);
  Location loc = builder.getFusedLoc({conv.getLoc(), pool.getLoc()});
  OperationState state(loc, OpTy::getOperationName(), conv->getOperands().drop_back(),
                       pool->getResultTypes());
  state.addOperands(pool.getOut());
  state.addAttributes(llvm::to_vector(conv->getAttrs()));
  state.attributes.set("pool", builder.getI64IntegerAttr(side));
  state.addRegion()->takeBody(conv.getEpilogue());
  pool->replaceAllUsesWith(builder.create(state));
  pool.erase();
  conv.erase();
}

namespace {

struct JoinPooling : schedule::impl::JoinPoolingBase<JoinPooling> {
  void runOnOperation() override {
    SmallVector<kernel::PoolOp> poolings;
    getOperation().walk([&](kernel::PoolOp op) { poolings.push_back(op); });
    for (kernel::PoolOp pool : poolings) {
      if (auto conv = pool.getInput().getDefiningOp<kernel::WinogradOp>())
        join(conv, pool);
      else if (auto conv = pool.getInput().getDefiningOp<kernel::WinogradOutputOp>())
        join(conv, pool);
      else if (auto conv = pool.getInput().getDefiningOp<kernel::WinogradPlaneOp>())
        join(conv, pool);
    }
  }
};

} // namespace
