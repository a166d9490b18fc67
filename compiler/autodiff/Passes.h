//===- Passes.h - from forward to training ------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_AUTODIFF_PASSES_H
#define DLC_COMPILER_AUTODIFF_PASSES_H

#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/Pass.h"

namespace dlc::autodiff {

#define GEN_PASS_DECL
#include "compiler/autodiff/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/autodiff/Passes.h.inc"

} // namespace dlc::autodiff

#endif // DLC_COMPILER_AUTODIFF_PASSES_H
