//===- DescribePlan.h - the launches and buffers of a module ------------*- C++ -*-===//
#ifndef DLC_COMPILER_DESCRIBEPLAN_H
#define DLC_COMPILER_DESCRIBEPLAN_H

#include "compiler/Plan.h"
#include "compiler/emit/Emit.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc {

/// Reads the plan off a module whose buffers are placed, before its kernels are outlined: each op
/// that computes becomes one launch, in this order.
Plan describePlan(mlir::ModuleOp module, const emit::Variant &variant);

/// The layers that an op came from, as its location names them.
std::vector<std::string> layersOf(mlir::Operation *op);

} // namespace dlc

#endif // DLC_COMPILER_DESCRIBEPLAN_H
