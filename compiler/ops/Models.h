//===- Models.h - how a family attaches its models ----------------------*- C++ -*-===//
//
// A lowering is a plain function of the op, a builder and the batch; these templates make external
// models of such functions:  addLinalg<nn::DenseOp, lowerDense>(context);
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_COMPILER_OPS_MODELS_H
#define DLC_COMPILER_OPS_MODELS_H

#include "dialects/nn/Nn.h"

namespace dlc::ops {

using LoweredValues = llvm::FailureOr<llvm::SmallVector<mlir::Value>>;

template <typename OpTy, LoweredValues (*Lower)(OpTy, mlir::OpBuilder &, mlir::Value)>
struct LinalgModel : nn::LinalgLoweringOpInterface::ExternalModel<LinalgModel<OpTy, Lower>, OpTy> {
  LoweredValues buildLinalg(mlir::Operation *op, mlir::OpBuilder &builder,
                            mlir::Value batch) const {
    return Lower(mlir::cast<OpTy>(op), builder, batch);
  }
};

template <typename OpTy, LoweredValues (*Lower)(OpTy, mlir::OpBuilder &, mlir::Value)>
void addLinalg(mlir::MLIRContext *context) {
  OpTy::template attachInterface<LinalgModel<OpTy, Lower>>(*context);
}

using Values = llvm::SmallVectorImpl<mlir::Value>;

template <typename OpTy, llvm::LogicalResult (*Build)(OpTy, mlir::OpBuilder &, mlir::ValueRange,
                                                      llvm::ArrayRef<bool>, Values &)>
struct GradientModel
    : nn::DifferentiableOpInterface::ExternalModel<GradientModel<OpTy, Build>, OpTy> {
  llvm::LogicalResult buildGradient(mlir::Operation *op, mlir::OpBuilder &builder,
                                    mlir::ValueRange upstream, llvm::ArrayRef<bool> wanted,
                                    Values &gradients) const {
    return Build(mlir::cast<OpTy>(op), builder, upstream, wanted, gradients);
  }
};

/// addGradient<nn::DenseOp, differentiateDense>(context): see DifferentiableOpInterface.
template <typename OpTy, llvm::LogicalResult (*Build)(OpTy, mlir::OpBuilder &, mlir::ValueRange,
                                                      llvm::ArrayRef<bool>, Values &)>
void addGradient(mlir::MLIRContext *context) {
  OpTy::template attachInterface<GradientModel<OpTy, Build>>(*context);
}

using StateUpdates = llvm::SmallVectorImpl<std::pair<mlir::Value, mlir::Value>>;

template <typename OpTy, llvm::LogicalResult (*Build)(OpTy, mlir::OpBuilder &, mlir::Value, int64_t,
                                                      Values &, StateUpdates &)>
struct TrainingModel : nn::TrainingOpInterface::ExternalModel<TrainingModel<OpTy, Build>, OpTy> {
  llvm::LogicalResult buildTraining(mlir::Operation *op, mlir::OpBuilder &builder,
                                    mlir::Value random, int64_t site, Values &results,
                                    StateUpdates &updates) const {
    return Build(mlir::cast<OpTy>(op), builder, random, site, results, updates);
  }
};

/// addTraining<nn::DropoutOp, trainDropout>(context): see TrainingOpInterface.
template <typename OpTy, llvm::LogicalResult (*Build)(OpTy, mlir::OpBuilder &, mlir::Value, int64_t,
                                                      Values &, StateUpdates &)>
void addTraining(mlir::MLIRContext *context) {
  OpTy::template attachInterface<TrainingModel<OpTy, Build>>(*context);
}

// One function a family; `registerOpModels` calls them all.
void addElementwiseModels(mlir::MLIRContext *context);
void addMatMulModels(mlir::MLIRContext *context);
void addConvModels(mlir::MLIRContext *context);
void addPoolModels(mlir::MLIRContext *context);
void addConvBackwardModels(mlir::MLIRContext *context);
void addNormModels(mlir::MLIRContext *context);
void addBatchNormModels(mlir::MLIRContext *context);
void addRandomModels(mlir::MLIRContext *context);
void addReduceModels(mlir::MLIRContext *context);
void addShapeModels(mlir::MLIRContext *context);
void addLossModels(mlir::MLIRContext *context);
void addGroupModels(mlir::MLIRContext *context);

} // namespace dlc::ops

#endif // DLC_COMPILER_OPS_MODELS_H
