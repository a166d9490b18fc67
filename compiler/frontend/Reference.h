//===- Reference.h - the table of layers as documentation ---------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_REFERENCE_H
#define DLC_COMPILER_FRONTEND_REFERENCE_H

#include "llvm/Support/raw_ostream.h"

namespace dlc::frontend {

/// Prints the JSON Schema (2020-12) of model files.
void printSchema(llvm::raw_ostream &os);

/// Prints the reference of all layers: Markdown, or JSON.
void printLayers(llvm::raw_ostream &os, bool json);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_REFERENCE_H
