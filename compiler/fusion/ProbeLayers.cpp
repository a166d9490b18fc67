//===- ProbeLayers.cpp - the result of each layer as an output ----------------------===//
//
// For measurements of errors: @forward returns what each of its ops computes. With `inputs` it also
// takes these results, and each op reads those instead of its neighbours': then the error of one
// does not reach the next.
//
//   func @forward(%x) {         func @forward(%x) {        func @forward(%x, %p) {
//     %0 = nn.group %x            %0 = nn.group %x           %0 = nn.group %x
//     %1 = nn.softmax %0    ->    %1 = nn.softmax %0   or    %1 = nn.softmax %p
//     return %1                   return %0, %1              return %0, %1
//
//===------------------------------------------------------------------------------===//

#include "compiler/fusion/Passes.h"

namespace dlc::fusion {
#define GEN_PASS_DEF_PROBELAYERS
#include "compiler/fusion/Passes.h.inc"
} // namespace dlc::fusion

using namespace mlir;
using namespace dlc;

// What only moves data has no error of its own.
static bool computesFloats(Operation &op) {
  if (!isa<nn::NnDialect>(op.getDialect()) || op.getNumResults() != 1 ||
      isa<nn::ReshapeOp, nn::TransposeOp, nn::PadOp, nn::ConcatOp, nn::DropoutOp, nn::CastOp>(op))
    return false;
  auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
  return type && type.getElementType().isF32();
}

// Values that depend on an input, not on parameters alone, in order.
static SmallVector<Value> findResults(func::FuncOp forward) {
  DenseSet<Value> fromInputs;
  for (BlockArgument argument : forward.getArguments())
    if (forward.getArgAttr(argument.getArgNumber(), nn::kInputAttr))
      fromInputs.insert(argument);
  SmallVector<Value> results;
  for (Operation &op : forward.getBody().front().without_terminator()) {
    if (llvm::none_of(op.getOperands(), [&](Value v) { return fromInputs.contains(v); }))
      continue;
    fromInputs.insert(op.result_begin(), op.result_end());
    if (computesFloats(op))
      results.push_back(op.getResult(0));
  }
  return results;
}

namespace {

struct ProbeLayers : fusion::impl::ProbeLayersBase<ProbeLayers> {
  using ProbeLayersBase::ProbeLayersBase;

  void runOnOperation() override {
    func::FuncOp forward = getOperation();
    Operation *end = forward.getBody().front().getTerminator();
    SmallVector<Value> results = findResults(forward);
    Builder builder(&getContext());
    auto name = [&](StringRef attribute, StringRef prefix, size_t index) {
      return builder.getDictionaryAttr(
          builder.getNamedAttr(attribute, builder.getStringAttr(prefix + Twine(index))));
    };
    if (inputs)
      for (auto [index, result] : llvm::enumerate(results)) {
        unsigned position = forward.getNumArguments();
        if (failed(forward.insertArgument(position, result.getType(),
                                          name(nn::kInputAttr, "given", index), result.getLoc())))
          return signalPassFailure();
        result.replaceAllUsesWith(forward.getArgument(position));
      }
    end->setOperands(results);
    forward.setType(
        builder.getFunctionType(forward.getArgumentTypes(), ValueRange(results).getTypes()));
    SmallVector<DictionaryAttr> marks;
    for (size_t index = 0; index < results.size(); ++index)
      marks.push_back(name(nn::kOutputAttr, "result", index));
    forward.setAllResultAttrs(marks);
  }
};

} // namespace
