//===- BufferAbi.h - how a buffer crosses a call -------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_ABI_BUFFERABI_H
#define DLC_COMPILER_ABI_BUFFERABI_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/Builders.h"

namespace dlc::abi {

/// A memref crosses a call as a bare pointer, then its dynamic extents, then its dynamic strides,
/// all as wide as the converter's index. A dynamic offset is added to the pointer; a static one is
/// known to both sides by the type. Any other value crosses as it is.
class BufferAbi {
public:
  BufferAbi(mlir::OpBuilder &builder, const mlir::LLVMTypeConverter &converter)
      : builder(builder), converter(converter) {}

  /// The types that a value of `type` crosses as.
  llvm::SmallVector<mlir::Type> getTypes(mlir::Type type) const;

  /// Takes `value` apart.
  llvm::SmallVector<mlir::Value> split(mlir::Location loc, mlir::Value value) const;

  /// The value of `type` that `parts` stand for; the inverse of split.
  mlir::Value join(mlir::Location loc, mlir::Type type, mlir::ValueRange parts) const;

private:
  mlir::OpBuilder &builder;
  const mlir::LLVMTypeConverter &converter;
};

} // namespace dlc::abi

#endif // DLC_COMPILER_ABI_BUFFERABI_H
