//===- TrainPlan.h - what a model says of its training, checked ---------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_TRAINPLAN_H
#define DLC_COMPILER_FRONTEND_TRAINPLAN_H

#include "compiler/frontend/Train.h"
#include "compiler/frontend/TrainMeasures.h"

namespace dlc::frontend {

/// A loss or metric and the output that it reads.
struct Measure {
  const NamedValue *value;
  unsigned output;

  const MeasureType &type() const { return *static_cast<const MeasureType *>(value->row); }
};

/// What an output should be. Every output with a loss has one.
struct TargetOf {
  unsigned output;
  mlir::RankedTensorType type;
  bool hasLabels;
  Decision decision;
  bool isElementwise;
};

struct TrainPlan {
  llvm::SmallVector<Measure> losses, metrics;
  llvm::SmallVector<TargetOf> targets; ///< in the order of the outputs
  llvm::SmallVector<std::string> metricNames = {"loss"};

  const TargetOf *findTarget(unsigned output) const;
};

/// Reports what does not fit together. The plan points into `model`.
mlir::FailureOr<TrainPlan> planTraining(Messages &messages, const Model &model,
                                        llvm::ArrayRef<TrainedOutput> outputs,
                                        const Parameters &parameters);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_TRAINPLAN_H
