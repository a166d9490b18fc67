//===- Fixed.cpp - verifiers, effects and items of ops on fixed point ---------------===//

#include "dialects/kernel/Checks.h"

using namespace mlir;
using namespace dlc::kernel;
using namespace dlc::kernel::checks;

LogicalResult UnitScalesOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  if (!isRank(getInput(), {2}) || !isRank(getOut(), {2}))
    return emitOpError("works on weights [K, N] and scales [N/L, L]");
  int64_t lanes = shapeOf(getOut())[1];
  return verifyShape(*this, "scales", getOut(),
                     getBlockedShape(Layout::Vector, {shapeOf(getInput())[1]}, lanes));
}

LogicalResult PackFixedOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())))
    return failure();
  if (!isRank(getInput(), {2}) || !isRank(getOut(), {4}))
    return emitOpError("works on weights [K, N] and words [N/(nb L), R, nb, L]");
  if (!getForm().exists())
    return emitOpError("needs 8 to 24 bits");
  ArrayRef<int64_t> plain = shapeOf(getInput()), packed = shapeOf(getOut());
  int64_t cols = packed[2], lanes = packed[3];
  if (failed(verifyShape(*this, "scales", getScales(),
                         getBlockedShape(Layout::Vector, {plain[1]}, lanes))))
    return failure();
  SmallVector<int64_t> expected = getBlockedShape(Layout::Dense, plain, lanes, cols);
  expected[1] = getForm().rows(plain[0]);
  return verifyShape(*this, "a packed side", getOut(), expected);
}

SmallVector<OpFoldResult> UnitScalesOp::getItemExtents(OpBuilder &builder, Location loc) {
  return extents(builder, loc, getOut(), {0});
}
SmallVector<OpFoldResult> PackFixedOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getOut(), {0, 1, 2});
  items[1] = builder.getIndexAttr(getForm().groups(shapeOf(getInput())[0]));
  return items;
}

int64_t UnitScalesOp::getFlopsPerItem() { return shapeOf(getInput())[0] * shapeOf(getOut())[1]; }
int64_t PackFixedOp::getFlopsPerItem() { return getForm().weights() * shapeOf(getOut())[3]; }

void UnitScalesOp::getEffects(Effects &effects) {
  addEffects(*this, getOutMutable(), effects);
  if (getAccumulate() && isa<MemRefType>(getOut().getType()))
    effects.emplace_back(MemoryEffects::Read::get(), &getOutMutable(),
                         SideEffects::DefaultResource::get());
}
void PackFixedOp::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }
