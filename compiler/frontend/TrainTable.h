//===- TrainTable.h - losses, metrics, optimizers and schedules ---------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_TRAINTABLE_H
#define DLC_COMPILER_FRONTEND_TRAINTABLE_H

#include "compiler/frontend/Fields.h"
#include "mlir/IR/Value.h"

namespace dlc::frontend {

struct MeasureBuilder;
class UpdateRule;

/// What an output is compared with.
enum class Target {
  Labels, ///< the class of each row, int32
  Values, ///< float32 of the output's shape
  Either  ///< what the loss of that output has
};

/// A row of losses or metrics: a number that tells how far an output is from its target.
struct MeasureType : Row {
  Target target;
  bool readsRows; ///< the last dimension holds the classes
  mlir::Value (*build)(MeasureBuilder &);
};

/// A tensor that an optimizer keeps for each parameter.
struct Slot {
  llvm::StringRef name;
  double init = 0;
};

/// A row of optimizers.
struct OptimizerType : Row {
  llvm::SmallVector<Slot> (*slots)(const NamedValue &);
  /// Numbers that are the same for all parameters, computed once, from the rate and the step.
  llvm::SmallVector<mlir::Value> (*numbers)(const UpdateRule &);
  void (*build)(UpdateRule &);
};

/// A row of schedules.
struct ScheduleType : Row {
  llvm::StringRef kind; ///< in nn.schedule
};

Rows lossRows();
Rows metricRows(); ///< losses are metrics too
Rows optimizerRows();
Rows scheduleRows();

Rows earlyStoppingRows();

/// The section "train". What `dlc train` alone uses is taken from its fields there.
const Row &trainRow();

/// A chapter of the reference, and its part of the schema.
struct TrainTable {
  llvm::StringRef title, doc;
  Rows (*rows)();
};
llvm::ArrayRef<TrainTable> trainTables();

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_TRAINTABLE_H
