//===- Train.h - the functions that training needs ----------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_TRAIN_H
#define DLC_COMPILER_FRONTEND_TRAIN_H

#include "compiler/frontend/LayerBuilder.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc::frontend {

/// An output of the model, as training sees it.
struct TrainedOutput {
  llvm::StringRef name;
  mlir::RankedTensorType type;
  bool channelsFirst; ///< an image whose last dimension is not its channels
};

/// Builds @loss, @metrics and @update behind @forward, and the module's attributes of the rate
/// (see the nn dialect's description). Reports what is wrong with the section "train".
llvm::LogicalResult buildTraining(Messages &messages, const Model &model,
                                  llvm::ArrayRef<TrainedOutput> outputs,
                                  const Parameters &parameters, mlir::ModuleOp module);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_TRAIN_H
