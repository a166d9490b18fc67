//===- Inspect.h - the table of a model's layers ------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_INSPECT_H
#define DLC_COMPILER_FRONTEND_INSPECT_H

#include "compiler/frontend/Import.h"

namespace dlc::frontend {

struct Tensor;

/// Fills shape and bytes from a layer's result.
void describeResult(const Tensor &result, LayerInfo &info);

/// Arithmetic of one op for one sample; what only moves data costs nothing.
int64_t flopsPerSample(mlir::Operation &op);

/// Prints name, type, output shape, parameters, FLOPs and activation bytes of every layer, and
/// their totals, for one sample.
void printInspection(llvm::raw_ostream &os, const ModelInfo &info, bool json);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_INSPECT_H
