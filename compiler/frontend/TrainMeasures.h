//===- TrainMeasures.h - formulas of losses and metrics -----------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_TRAINMEASURES_H
#define DLC_COMPILER_FRONTEND_TRAINMEASURES_H

#include "compiler/frontend/TrainTable.h"
#include "dialects/nn/Expr.h"

namespace dlc::frontend {

/// How an output of one number says yes.
enum class Decision { Probability, Logit };

/// Builds one number, tensor<1xf32>, from an output and its target.
struct MeasureBuilder {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Value x, target;
  const NamedValue &measure;
  Decision decision = Decision::Probability;
  bool isElementwise = false; ///< each element of the output is a decision of its own

  mlir::RankedTensorType type() const { return mlir::cast<mlir::RankedTensorType>(x.getType()); }
  /// A function of each element and its target.
  mlir::Value map(llvm::function_ref<nn::Expr(nn::Expr x, nn::Expr target)> formula);
  /// The sum of all elements.
  mlir::Value sum(mlir::Value values);
  /// The mean of all elements; with `rows` = n the sum over all divided by batch * n.
  mlir::Value mean(mlir::Value values);
  mlir::Value mean(mlir::Value values, int64_t rows);
  int64_t rowsPerSample() const;
};

mlir::Value buildCrossEntropy(MeasureBuilder &);
mlir::Value buildBinaryCrossEntropy(MeasureBuilder &);
mlir::Value buildSquaredError(MeasureBuilder &);
mlir::Value buildAbsoluteError(MeasureBuilder &);
mlir::Value buildHuber(MeasureBuilder &);
mlir::Value buildSmoothL1(MeasureBuilder &);
mlir::Value buildKLDivergence(MeasureBuilder &);
mlir::Value buildHinge(MeasureBuilder &);
mlir::Value buildSquaredHinge(MeasureBuilder &);
mlir::Value buildCategoricalHinge(MeasureBuilder &);
mlir::Value buildPerceptron(MeasureBuilder &);
mlir::Value buildAccuracy(MeasureBuilder &);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_TRAINMEASURES_H
