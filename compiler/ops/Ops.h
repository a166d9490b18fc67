//===- Ops.h - what engines may ask of the operators --------------------*- C++ -*-===//
//
// Lowerings of the nn ops, attached as external models so that the dialect stays light. Engines
// reach them through LinalgLoweringOpInterface and ElementwiseOpInterface and name no operator.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_COMPILER_OPS_OPS_H
#define DLC_COMPILER_OPS_OPS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc {

/// Attaches the models of every nn op; they load with the nn dialect.
void registerOpModels(mlir::DialectRegistry &registry);

/// Builds one linalg.generic that computes the elementwise `op` (an nn::ElementwiseOpInterface) on
/// `operands`, each read through its map from the dimensions of `resultType`. Operands and result
/// may have other shapes than the op itself, such as packed layouts, as long as the maps address
/// the element that belongs to the result's. `batch` is the value of every dynamic extent of the
/// result and may be null where there is none.
mlir::Value buildElementwiseGeneric(mlir::OpBuilder &builder, mlir::Location loc,
                                    mlir::Operation *op, mlir::ValueRange operands,
                                    llvm::ArrayRef<mlir::AffineMap> operandMaps,
                                    mlir::RankedTensorType resultType, mlir::Value batch);

} // namespace dlc

#endif // DLC_COMPILER_OPS_OPS_H
