//===- Strict.cpp - a linalg op's sums and products, rounded one way -----------------===//

#include "compiler/loops/Payload.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc::loops;

// A product that may be contracted into a sum, or that a reduction adds up.
static bool fusesProduct(linalg::GenericOp op, arith::AddFOp sum, arith::MulFOp product) {
  if (!product || !product->hasOneUse())
    return false;
  auto contracts = [](auto arithOp) {
    return bitEnumContainsAll(arithOp.getFastmath(), arith::FastMathFlags::contract);
  };
  bool reduces = op.getNumReductionLoops() > 0 &&
                 llvm::any_of(llvm::seq<int64_t>(0, op.getNumDpsInits()),
                              [&](int64_t index) { return getCombiner(op, index) == sum; });
  return reduces || (contracts(sum) && contracts(product));
}

void dlc::loops::makeStrict(linalg::GenericOp op) {
  for (auto sum : llvm::make_early_inc_range(op.getBlock()->getOps<arith::AddFOp>())) {
    for (bool left : {true, false}) {
      auto product = (left ? sum.getLhs() : sum.getRhs()).getDefiningOp<arith::MulFOp>();
      if (!fusesProduct(op, sum, product))
        continue;
      OpBuilder builder(sum);
      Value fused = math::FmaOp::create(builder, sum.getLoc(), product.getLhs(), product.getRhs(),
                                        left ? sum.getRhs() : sum.getLhs());
      sum.getResult().replaceAllUsesWith(fused);
      sum.erase();
      product.erase();
      break;
    }
  }
  for (Operation &inner : op.getBlock()->without_terminator())
    if (inner.getAttrOfType<arith::FastMathFlagsAttr>("fastmath"))
      inner.setAttr("fastmath",
                    arith::FastMathFlagsAttr::get(op.getContext(), arith::FastMathFlags::none));
}
