//===- PlaceState.cpp - one block for parameters, slots and gradients ----------------===//
//
// What training keeps from step to step lies in one block: the parameters in the order of
// @forward's arguments, the optimiser's slots in the order of @update's, then a gradient for each
// parameter that has one. Every argument and result that is one of these gets its offset, the same
// in each function.
//
//   func @update(%hyper, %w: tensor<4xf32> {nn.param = "w"}, ...) -> (tensor<4xf32> {nn.param =
//   "w"})
//   ->
//   module attributes {nn.state_bytes = 128}
//   func @update(%hyper, %w: tensor<4xf32> {nn.param = "w", nn.place = 0}, ...)
//       -> (tensor<4xf32> {nn.param = "w", nn.place = 0})
//
//===---------------------------------------------------------------------------------===//

#include "compiler/autodiff/Passes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

namespace dlc::autodiff {
#define GEN_PASS_DEF_PLACESTATE
#include "compiler/autodiff/Passes.h.inc"
} // namespace dlc::autodiff

using namespace mlir;
using namespace dlc;

// As the arena's: rows of vectors never straddle cache lines.
static constexpr int64_t kAlignment = 64;

static constexpr llvm::StringLiteral kKinds[] = {nn::kParamAttr, nn::kSlotAttr, nn::kGradientAttr};

namespace {

struct PlaceState : autodiff::impl::PlaceStateBase<PlaceState> {
  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    auto update = getOperation().lookupSymbol<func::FuncOp>("update");
    auto backward = getOperation().lookupSymbol<func::FuncOp>("backward");
    if (!forward || !update || !backward) {
      getOperation().emitError("needs @forward, @backward and @update to lay out the state");
      return signalPassFailure();
    }
    placeArguments(forward, nn::kParamAttr);
    placeArguments(update, nn::kSlotAttr);
    placeArguments(backward, nn::kGradientAttr);
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function != forward && failed(markAll(function)))
        return signalPassFailure();
    Builder builder(&getContext());
    getOperation()->setAttr(nn::kStateBytesAttr, builder.getI64IntegerAttr(total));
  }

private:
  // A parameter and its gradient have the same name.
  static std::string keyOf(StringRef kind, StringRef name) { return (kind + " " + name).str(); }

  void placeArguments(func::FuncOp function, StringRef kind) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto name = function.getArgAttrOfType<StringAttr>(i, kind);
      if (!name || !places.try_emplace(keyOf(kind, name.getValue()), total).second)
        continue;
      auto type = cast<RankedTensorType>(function.getArgumentTypes()[i]);
      int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
      total += llvm::alignTo(bytes, kAlignment);
    }
  }

  // The place of what a dictionary marks, or nothing; a failure where it is unknown.
  FailureOr<IntegerAttr> placeOf(func::FuncOp function, DictionaryAttr marks) {
    for (StringRef kind : kKinds) {
      auto name = marks ? marks.getAs<StringAttr>(kind) : StringAttr();
      if (!name)
        continue;
      auto place = places.find(keyOf(kind, name.getValue()));
      if (place == places.end())
        return function.emitError("@") << function.getSymName() << " names " << kind << " \""
                                       << name.getValue() << "\", which the model does not have";
      return Builder(&getContext()).getI64IntegerAttr(place->second);
    }
    return IntegerAttr();
  }

  LogicalResult markAll(func::FuncOp function) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      FailureOr<IntegerAttr> place = placeOf(function, function.getArgAttrDict(i));
      if (failed(place))
        return failure();
      if (*place)
        function.setArgAttr(i, nn::kPlaceAttr, *place);
    }
    for (unsigned i = 0; i < function.getNumResults(); ++i) {
      FailureOr<IntegerAttr> place = placeOf(function, function.getResultAttrDict(i));
      if (failed(place))
        return failure();
      if (*place)
        function.setResultAttr(i, nn::kPlaceAttr, *place);
    }
    return success();
  }

  llvm::StringMap<int64_t> places;
  int64_t total = 0;
};

} // namespace
