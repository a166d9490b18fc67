//===- Sums.h - reductions by addition ----------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_SUMS_H
#define DLC_COMPILER_SCHEDULE_SUMS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace dlc::schedule {

/// Whether all results are sums that start at zero. Null is none.
bool isSum(mlir::linalg::GenericOp op);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_SUMS_H
