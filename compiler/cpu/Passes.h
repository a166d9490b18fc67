//===- Passes.h - passes of the cpu room --------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_PASSES_H
#define DLC_COMPILER_CPU_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace dlc::cpu {

#define GEN_PASS_DECL
#include "compiler/cpu/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/cpu/Passes.h.inc"

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_PASSES_H
