//===- Passes.h - choosing kernels --------------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_PASSES_H
#define DLC_COMPILER_SCHEDULE_PASSES_H

#include "compiler/Options.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace dlc::schedule {

#define GEN_PASS_DECL
#include "compiler/schedule/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/schedule/Passes.h.inc"

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_PASSES_H
