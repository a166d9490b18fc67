//===- WidenFloats.cpp - float64 arithmetic for float32 functions -------------------===//
//
// The reference that errors are measured against: arguments and results stay f32, all between is
// f64.
//
//   func @forward(%x: tensor<4xf32>)        func @forward(%x: tensor<4xf32>)
//     %0 = linalg... : tensor<4xf32>   ->     %w = linalg.generic {arith.extf} %x
//     return %0                               %0 = linalg... %w : tensor<4xf64>
//                                             return linalg.generic {arith.truncf} %0
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_WIDENFLOATS
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;

static bool isFloat(Type type) { return getElementTypeOrSelf(type).isF32(); }

static Type widen(Type type) {
  if (!isFloat(type))
    return type;
  Type wide = Float64Type::get(type.getContext());
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped ? Type(shaped.clone(wide)) : wide;
}

static Attribute widen(TypedAttr value) {
  auto convert = [](const APFloat &narrow) {
    APFloat wide = narrow;
    bool inexact;
    wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
    return wide;
  };
  if (auto number = dyn_cast<FloatAttr>(value))
    return FloatAttr::get(widen(value.getType()), convert(number.getValue()));
  auto elements = cast<DenseElementsAttr>(value);
  auto wide = Float64Type::get(value.getContext());
  return elements.mapValues(wide, [&](const APFloat &v) { return convert(v).bitcastToAPInt(); });
}

// Types of everything inside the function.
static void widenBody(func::FuncOp function) {
  function.walk([&](Operation *op) {
    if (op == function)
      return;
    if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && isFloat(constant.getType()))
      constant.setValueAttr(cast<TypedAttr>(widen(constant.getValue())));
    for (Value result : op->getResults())
      result.setType(widen(result.getType()));
    for (Region &region : op->getRegions())
      for (BlockArgument argument : region.getArguments())
        argument.setType(widen(argument.getType()));
  });
}

// `value` with the elements of `type`, by an op on each.
template <typename CastOp>
static Value castElements(OpBuilder &builder, Value value, RankedTensorType type, Value batch) {
  Location loc = value.getLoc();
  SmallVector<Value> extents(type.getNumDynamicDims(), batch);
  Value out = tensor::EmptyOp::create(builder, loc, type, extents);
  AffineMap map = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, type, value, out, {map, map}, loops,
                                   [&](OpBuilder &inner, Location at, ValueRange args) {
                                     Value cast =
                                         CastOp::create(inner, at, type.getElementType(), args[0]);
                                     linalg::YieldOp::create(inner, at, cast);
                                   })
      .getResult(0);
}

namespace {

struct WidenFloats : schedule::impl::WidenFloatsBase<WidenFloats> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    Value batch = nn::findBatch(function);
    Operation *end = function.getBody().front().getTerminator();
    SmallVector<Type> results(end->getOperandTypes());
    widenBody(function);
    OpBuilder builder = OpBuilder::atBlockBegin(&function.getBody().front());
    for (BlockArgument argument : function.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type || !isFloat(type) || argument.use_empty())
        continue;
      Value wide = castElements<arith::ExtFOp>(builder, argument,
                                               cast<RankedTensorType>(widen(type)), batch);
      argument.replaceAllUsesExcept(wide, wide.getDefiningOp());
    }
    builder.setInsertionPoint(end);
    for (auto [operand, type] : llvm::zip_equal(end->getOpOperands(), results))
      if (isFloat(type))
        operand.set(castElements<arith::TruncFOp>(builder, operand.get(),
                                                  cast<RankedTensorType>(type), batch));
  }
};

} // namespace
