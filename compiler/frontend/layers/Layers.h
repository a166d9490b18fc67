//===- Layers.h - the build function of each layer ----------------------*- C++ -*-===//
// Each builds the nn ops of one layer; the fields were checked against the layer's row before.
#ifndef DLC_COMPILER_FRONTEND_LAYERS_LAYERS_H
#define DLC_COMPILER_FRONTEND_LAYERS_LAYERS_H

#include "compiler/frontend/LayerBuilder.h"

namespace dlc::frontend {

mlir::FailureOr<Tensor> buildActivation(LayerBuilder &b);
mlir::FailureOr<Tensor> buildAdd(LayerBuilder &b);
mlir::FailureOr<Tensor> buildAveragePooling2D(LayerBuilder &b);
mlir::FailureOr<Tensor> buildBatchNormalization(LayerBuilder &b);
mlir::FailureOr<Tensor> buildChannelPad(LayerBuilder &b);
mlir::FailureOr<Tensor> buildConcatenate(LayerBuilder &b);
mlir::FailureOr<Tensor> buildConv2D(LayerBuilder &b);
mlir::FailureOr<Tensor> buildDense(LayerBuilder &b);
mlir::FailureOr<Tensor> buildDepthwiseConv2D(LayerBuilder &b);
mlir::FailureOr<Tensor> buildDropout(LayerBuilder &b);
mlir::FailureOr<Tensor> buildFlatten(LayerBuilder &b);
mlir::FailureOr<Tensor> buildGlobalAveragePooling2D(LayerBuilder &b);
mlir::FailureOr<Tensor> buildGlobalMaxPooling2D(LayerBuilder &b);
mlir::FailureOr<Tensor> buildLeakyReLU(LayerBuilder &b);
mlir::FailureOr<Tensor> buildRReLU(LayerBuilder &b);
mlir::FailureOr<Tensor> buildLRN(LayerBuilder &b);
mlir::FailureOr<Tensor> buildMaximum(LayerBuilder &b);
mlir::FailureOr<Tensor> buildMaxPooling2D(LayerBuilder &b);
mlir::FailureOr<Tensor> buildMinimum(LayerBuilder &b);
mlir::FailureOr<Tensor> buildMultiply(LayerBuilder &b);
mlir::FailureOr<Tensor> buildNormalization(LayerBuilder &b);
mlir::FailureOr<Tensor> buildReLU(LayerBuilder &b);
mlir::FailureOr<Tensor> buildRescaling(LayerBuilder &b);
mlir::FailureOr<Tensor> buildReshape(LayerBuilder &b);
mlir::FailureOr<Tensor> buildSoftmax(LayerBuilder &b);
mlir::FailureOr<Tensor> buildSubtract(LayerBuilder &b);
mlir::FailureOr<Tensor> buildZeroPadding2D(LayerBuilder &b);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_LAYERS_LAYERS_H
