//===- Merge.cpp - elementwise arithmetic of several inputs -------------------------===//

#include "compiler/frontend/layers/Layers.h"

using namespace mlir;

namespace dlc::frontend {

template <typename OpTy> static FailureOr<Tensor> merge(LayerBuilder &b) {
  // Inputs of one storage order stay in it; mixed ones are brought to the model's.
  bool first = b.stored().channelsFirst;
  bool isUniform =
      llvm::all_of(b.inputs(), [&](const Tensor &x) { return x.channelsFirst == first; });
  FailureOr<Value> sum;
  for (unsigned i = 0; i < b.inputs().size(); ++i) {
    FailureOr<Value> x = isUniform ? FailureOr<Value>(b.stored(i).value) : b.logical(i);
    if (failed(x))
      return failure();
    if (i && x->getType() != sum->getType())
      return b.error("its inputs need one shape, but input 1 has " +
                     spellShape(cast<RankedTensorType>(sum->getType())) + " and input " +
                     Twine(i + 1) + " has " + spellShape(cast<RankedTensorType>(x->getType())));
    sum = i ? b.create<OpTy>({*sum, *x}) : x;
    if (failed(sum))
      return failure();
  }
  return Tensor{*sum, isUniform && first};
}

FailureOr<Tensor> buildAdd(LayerBuilder &b) { return merge<nn::AddOp>(b); }
FailureOr<Tensor> buildSubtract(LayerBuilder &b) { return merge<nn::SubOp>(b); }
FailureOr<Tensor> buildMultiply(LayerBuilder &b) { return merge<nn::MulOp>(b); }
FailureOr<Tensor> buildMaximum(LayerBuilder &b) { return merge<nn::MaximumOp>(b); }
FailureOr<Tensor> buildMinimum(LayerBuilder &b) { return merge<nn::MinimumOp>(b); }

} // namespace dlc::frontend
