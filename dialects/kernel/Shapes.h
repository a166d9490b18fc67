//===- Shapes.h - extents and sizes of tensors and buffers --------------*- C++ -*-===//
#ifndef DLC_DIALECTS_KERNEL_SHAPES_H
#define DLC_DIALECTS_KERNEL_SHAPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/Support/MathExtras.h"

namespace dlc::kernel {

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::ShapedType>(value.getType()).getShape();
}

inline int64_t bytesOfElement(mlir::ShapedType type) {
  return llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

/// Elements of one sample, or of all where the shape is static: the only dynamic extent is the
/// batch.
inline int64_t elementsOfSample(mlir::ShapedType type) {
  int64_t elements = 1;
  for (int64_t extent : type.getShape())
    elements *= mlir::ShapedType::isDynamic(extent) ? 1 : extent;
  return elements;
}

/// Bytes of the same.
inline int64_t bytesOfSample(mlir::ShapedType type) {
  return elementsOfSample(type) * bytesOfElement(type);
}

} // namespace dlc::kernel

#endif // DLC_DIALECTS_KERNEL_SHAPES_H
