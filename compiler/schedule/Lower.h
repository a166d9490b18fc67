//===- Lower.h - one nn op as kernels -----------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_LOWER_H
#define DLC_COMPILER_SCHEDULE_LOWER_H

#include "compiler/schedule/Blocked.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::schedule {

/// Builds kernels that compute the only result of `op` and returns the plain value that replaces it;
/// null where no kernel fits and the op's linalg form is to be used.
mlir::Value lowerToKernel(Blocker &blocker, mlir::Operation *op);

// The families behind lowerToKernel.
mlir::Value lowerGroup(Blocker &blocker, nn::GroupOp group);
mlir::Value lowerPool(Blocker &blocker, nn::Pool2DOp pool);
mlir::Value lowerGlobalPool(Blocker &blocker, nn::GlobalPool2DOp pool);
mlir::Value lowerConcat(Blocker &blocker, nn::ConcatOp concat);
mlir::Value lowerPad(Blocker &blocker, nn::PadOp pad);
mlir::Value lowerElementwise(Blocker &blocker, nn::ElementwiseOpInterface op);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_LOWER_H
