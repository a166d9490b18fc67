//===- Passes.h - graph rewrites on nn ----------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FUSION_PASSES_H
#define DLC_COMPILER_FUSION_PASSES_H

#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace dlc::fusion {

#define GEN_PASS_DECL
#include "compiler/fusion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/fusion/Passes.h.inc"

} // namespace dlc::fusion

#endif // DLC_COMPILER_FUSION_PASSES_H
