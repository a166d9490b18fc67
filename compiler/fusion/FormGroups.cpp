//===- FormGroups.cpp - heavy ops and their elementwise tails ----------------------===//
//
// Follows each anchor through its only uses as long as they are elementwise and keep the type. The
// group stands where its last op stood, so that every other operand (a residual) is computed.
//
//   %0 = nn.conv2d %x, %w, %b            %2 = nn.group %x, %w, %b, %r {
//   %1 = nn.add %0, %r              ->     ^bb0(...): %0 = nn.conv2d ...; %1 = nn.add %0, ...
//   %2 = nn.relu %1                                   %2 = nn.relu %1; nn.yield %2 }
//
//===------------------------------------------------------------------------------===//

#include "compiler/fusion/Passes.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

namespace dlc::fusion {
#define GEN_PASS_DEF_FORMGROUPS
#include "compiler/fusion/Passes.h.inc"
} // namespace dlc::fusion

using namespace mlir;
using namespace dlc;

static bool hasRole(Operation *op, nn::FusionRole role) {
  auto fusible = dyn_cast<nn::FusionRoleOpInterface>(op);
  return fusible && fusible.getFusionRole() == role;
}

// The anchor and the chain of its only uses that an epilogue can hold. Keeping the type makes sure that
// the chain is each op's image, never the scale of an affine map.
static SmallVector<Operation *> collectChain(Operation *anchor) {
  SmallVector<Operation *> chain = {anchor};
  while (chain.back()->hasOneUse()) {
    Operation *user = *chain.back()->user_begin();
    if (!hasRole(user, nn::FusionRole::Epilogue) || user->getBlock() != anchor->getBlock() ||
        user->getResult(0).getType() != anchor->getResult(0).getType())
      break;
    chain.push_back(user);
  }
  return chain;
}

static void buildGroup(ArrayRef<Operation *> chain) {
  llvm::SetVector<Value> inputs;
  for (Operation *op : chain)
    for (Value operand : op->getOperands())
      if (!llvm::is_contained(chain, operand.getDefiningOp()))
        inputs.insert(operand);

  OpBuilder builder(chain.back());
  SmallVector<Location> locs = llvm::map_to_vector(chain, [](Operation *op) { return op->getLoc(); });
  Location loc = builder.getFusedLoc(locs);
  Value last = chain.back()->getResult(0);
  auto group = nn::GroupOp::create(builder, loc, last.getType(), inputs.getArrayRef());
  Block &body = group.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body.addArgument(input.getType(), input.getLoc()));
  builder.setInsertionPointToEnd(&body);
  for (Operation *op : chain)
    builder.clone(*op, mapping);
  nn::YieldOp::create(builder, loc, mapping.lookup(last));

  last.replaceAllUsesWith(group.getY());
  for (Operation *op : llvm::reverse(chain))
    op->erase();
}

namespace {

struct FormGroups : fusion::impl::FormGroupsBase<FormGroups> {
  void runOnOperation() override {
    SmallVector<Operation *> anchors;
    for (Operation &op : getOperation().getBody().front())
      if (hasRole(&op, nn::FusionRole::Anchor))
        anchors.push_back(&op);
    for (Operation *anchor : anchors)
      buildGroup(collectChain(anchor));
  }
};

} // namespace
