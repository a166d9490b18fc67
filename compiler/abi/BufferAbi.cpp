//===- BufferAbi.cpp - how a buffer crosses a call ----------------------------------===//

#include "compiler/abi/BufferAbi.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc::abi;

static unsigned countDynamic(ArrayRef<int64_t> values) {
  return llvm::count_if(values, ShapedType::isDynamic);
}

SmallVector<Type> BufferAbi::getTypes(Type type) const {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref)
    return {type};
  auto [strides, offset] = memref.getStridesAndOffset();
  SmallVector<Type> types{LLVM::LLVMPointerType::get(builder.getContext())};
  types.append(countDynamic(memref.getShape()) + countDynamic(strides), converter.getIndexType());
  return types;
}

SmallVector<Value> BufferAbi::split(Location loc, Value value) const {
  auto memref = dyn_cast<MemRefType>(value.getType());
  if (!memref)
    return {value};
  auto [strides, offset] = memref.getStridesAndOffset();
  Value cast =
      UnrealizedConversionCastOp::create(builder, loc, converter.convertType(memref), value)
          .getResult(0);
  MemRefDescriptor descriptor(cast);
  Value pointer = descriptor.alignedPtr(builder, loc);
  if (ShapedType::isDynamic(offset))
    pointer = LLVM::GEPOp::create(builder, loc, pointer.getType(),
                                  converter.convertType(memref.getElementType()), pointer,
                                  ValueRange{descriptor.offset(builder, loc)});
  SmallVector<Value> parts{pointer};
  for (auto [dim, extent] : llvm::enumerate(memref.getShape()))
    if (ShapedType::isDynamic(extent))
      parts.push_back(descriptor.size(builder, loc, dim));
  for (auto [dim, stride] : llvm::enumerate(strides))
    if (ShapedType::isDynamic(stride))
      parts.push_back(descriptor.stride(builder, loc, dim));
  return parts;
}

Value BufferAbi::join(Location loc, Type type, ValueRange parts) const {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref)
    return parts.front();
  auto [strides, offset] = memref.getStridesAndOffset();
  auto descriptor = MemRefDescriptor::poison(builder, loc, converter.convertType(memref));
  descriptor.setAllocatedPtr(builder, loc, parts.front());
  descriptor.setAlignedPtr(builder, loc, parts.front());
  descriptor.setConstantOffset(builder, loc, ShapedType::isDynamic(offset) ? 0 : offset);
  parts = parts.drop_front();
  auto next = [&] {
    Value part = parts.front();
    parts = parts.drop_front();
    return part;
  };
  for (auto [dim, extent] : llvm::enumerate(memref.getShape())) {
    if (ShapedType::isDynamic(extent))
      descriptor.setSize(builder, loc, dim, next());
    else
      descriptor.setConstantSize(builder, loc, dim, extent);
  }
  for (auto [dim, stride] : llvm::enumerate(strides)) {
    if (ShapedType::isDynamic(stride))
      descriptor.setStride(builder, loc, dim, next());
    else
      descriptor.setConstantStride(builder, loc, dim, stride);
  }
  return UnrealizedConversionCastOp::create(builder, loc, memref, Value(descriptor)).getResult(0);
}
