//===- Expr.cpp - formulas on scalars -----------------------------------------------===//

#include "dialects/nn/Expr.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace dlc::nn;

Value dlc::nn::floatConstant(OpBuilder &builder, Location loc, Type type, double value) {
  FloatAttr element = builder.getF32FloatAttr(value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    return arith::ConstantOp::create(builder, loc,
                                     DenseElementsAttr::get(shaped, Attribute(element)));
  return arith::ConstantOp::create(builder, loc, element);
}

// One use for each distinct input, and none for what the body does not read.
static void dropUnusedInputs(MapOp map) {
  Block &body = map.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  for (unsigned i = body.getNumArguments(); i-- > 0;) {
    BlockArgument argument = body.getArgument(i);
    for (unsigned j = 0; j < i; ++j)
      if (map.getInputs()[j] == map.getInputs()[i]) {
        argument.replaceAllUsesWith(body.getArgument(j));
        break;
      }
    if (!argument.use_empty())
      continue;
    body.eraseArgument(i);
    map.getInputsMutable().erase(i);
  }
}

Value dlc::nn::buildMap(OpBuilder &builder, Location loc, RankedTensorType type, ValueRange inputs,
                        llvm::function_ref<Expr(ArrayRef<Expr>)> formula) {
  auto map = MapOp::create(builder, loc, type, inputs,
                           [&](OpBuilder &b, Location l, ValueRange arguments) {
                             SmallVector<Expr> elements;
                             for (Value argument : arguments)
                               elements.push_back({b, l, argument});
                             return formula(elements).value;
                           });
  dropUnusedInputs(map);
  return map;
}
