//===- LayerTable.h - the one table of layers ---------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_LAYERTABLE_H
#define DLC_COMPILER_FRONTEND_LAYERTABLE_H

#include "compiler/frontend/Fields.h"

namespace dlc::frontend {

class LayerBuilder;
struct Tensor;

/// More inputs than any merging layer takes.
inline constexpr unsigned kManyInputs = 1024;

/// A row: what a layer is called, what it accepts, and how it is built.
struct LayerType {
  llvm::StringRef name;
  llvm::StringRef doc;
  mlir::FailureOr<Tensor> (*build)(LayerBuilder &);
  std::vector<Field> fields;
  std::vector<llvm::StringRef> aliases = {};
  unsigned minInputs = 1, maxInputs = 1;
};

llvm::ArrayRef<LayerType> layerTypes();

/// The row of that name or alias, or null.
const LayerType *findLayerType(llvm::StringRef name);

/// Every name and alias, for suggestions.
llvm::SmallVector<llvm::StringRef> layerTypeNames();

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_LAYERTABLE_H
