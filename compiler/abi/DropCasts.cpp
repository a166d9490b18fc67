//===- DropCasts.cpp - the end of a conversion to LLVM -------------------------------===//

#include "compiler/abi/DropCasts.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

LogicalResult dlc::abi::dropCasts(Operation *module) {
  SmallVector<UnrealizedConversionCastOp> casts, remaining;
  module->walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
  reconcileUnrealizedCasts(casts, &remaining);
  for (UnrealizedConversionCastOp cast : remaining)
    cast.emitOpError("is left after the conversion to LLVM");
  return success(remaining.empty());
}
