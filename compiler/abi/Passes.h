//===- Passes.h - passes of the abi room --------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_ABI_PASSES_H
#define DLC_COMPILER_ABI_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace dlc::abi {

#define GEN_PASS_DECL
#include "compiler/abi/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/abi/Passes.h.inc"

} // namespace dlc::abi

#endif // DLC_COMPILER_ABI_PASSES_H
