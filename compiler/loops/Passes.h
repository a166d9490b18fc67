//===- Passes.h - passes of the loops room --------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_LOOPS_PASSES_H
#define DLC_COMPILER_LOOPS_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace dlc::loops {

#define GEN_PASS_DECL
#include "compiler/loops/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/loops/Passes.h.inc"

} // namespace dlc::loops

#endif // DLC_COMPILER_LOOPS_PASSES_H
