//===- GlobalMemory.cpp - buffers as a kernel's threads see them ---------------------===//

#include "compiler/cuda/GlobalMemory.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc::cuda;

int64_t dlc::cuda::commonVector(ArrayRef<int64_t> numbers) {
  int64_t width = 8;
  for (int64_t number : numbers)
    while (number % width)
      width /= 2;
  return width;
}

Value GlobalBuffer::at(Int offset, int64_t more) const {
  ImplicitLocOpBuilder &b = *offset.builder;
  Value place =
      LLVM::GEPOp::create(b, pointer.getType(), element, pointer, ValueRange{offset.value});
  if (!more)
    return place;
  return LLVM::GEPOp::create(b, pointer.getType(), element, place,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(more)});
}

// The descriptor that the conversion to LLVM will make of the memref, with extents of 32 bits.
static MemRefDescriptor getDescriptor(ImplicitLocOpBuilder &builder, Value memref) {
  LowerToLLVMOptions options(builder.getContext());
  options.overrideIndexBitwidth(32);
  LLVMTypeConverter converter(builder.getContext(), options);
  Type type = converter.convertType(memref.getType());
  return MemRefDescriptor(UnrealizedConversionCastOp::create(builder, type, memref).getResult(0));
}

FailureOr<GlobalBuffer> dlc::cuda::getBuffer(ImplicitLocOpBuilder &builder, Operation *op,
                                             Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  GlobalBuffer buffer;
  int64_t offset;
  if (failed(type.getStridesAndOffset(buffer.strides, offset)) || buffer.strides.back() != 1)
    return op->emitOpError("needs buffers whose last dimension is contiguous");
  buffer.element = type.getElementType();
  buffer.shape = llvm::to_vector(type.getShape());
  MemRefDescriptor descriptor = getDescriptor(builder, memref);
  Location loc = builder.getLoc();
  Value start = descriptor.alignedPtr(builder, loc);
  bool known = !ShapedType::isDynamic(offset);
  if (!known)
    start = LLVM::GEPOp::create(builder, start.getType(), buffer.element, start,
                                ValueRange{descriptor.offset(builder, loc)});
  else if (offset)
    start = LLVM::GEPOp::create(builder, start.getType(), buffer.element, start,
                                ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
  auto global = LLVM::LLVMPointerType::get(builder.getContext(), 1);
  buffer.pointer = start.getType() == global
                       ? start
                       : LLVM::AddrSpaceCastOp::create(builder, global, start).getResult();
  // The stride of parts is dynamic where the batch is; they follow one another without a gap.
  if (buffer.shape.size() == 5) {
    if (!type.getLayout().isIdentity())
      return op->emitOpError("needs parts that follow one another");
    buffer.shape.erase(buffer.shape.begin());
    buffer.strides.erase(buffer.strides.begin());
  }
  if (llvm::is_contained(buffer.strides, ShapedType::kDynamic))
    return op->emitOpError("needs static strides");
  SmallVector<int64_t> jumps(ArrayRef(buffer.strides).drop_back());
  llvm::append_values(jumps, offset, widestVector(buffer.element));
  buffer.alignment = known ? commonVector(jumps) : 1;
  return buffer;
}

std::optional<int64_t> Rows::step() const {
  std::optional<int64_t> step;
  int64_t count = 1;
  for (int dim : {2, 1}) {
    if (buffer.shape[dim] == 1)
      continue;
    if (!step)
      step = buffer.strides[dim];
    else if (buffer.strides[dim] != *step * count)
      return std::nullopt;
    count *= buffer.shape[dim];
  }
  if (!step || buffer.shape[0] == 1)
    return step ? step : buffer.strides[0];
  return buffer.strides[0] == *step * count ? step : std::nullopt;
}

Int Rows::offset(Int row) const {
  if (std::optional<int64_t> distance = step())
    return row * *distance;
  Int x = row % buffer.shape[2], outer = row / buffer.shape[2];
  Int y = outer % buffer.shape[1], n = outer / buffer.shape[1];
  return n * buffer.strides[0] + y * buffer.strides[1] + x * buffer.strides[2];
}

SmallVector<Value> dlc::cuda::loadElements(ImplicitLocOpBuilder &builder, Type element,
                                           Value pointer, int64_t count) {
  Type wide = builder.getF32Type();
  Type type = count == 1 ? element : VectorType::get(count, element);
  Value loaded = LLVM::LoadOp::create(builder, type, pointer, count * bytesOf(element));
  if (element != wide)
    loaded =
        arith::ExtFOp::create(builder, count == 1 ? wide : VectorType::get(count, wide), loaded);
  if (count == 1)
    return {loaded};
  SmallVector<Value> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(LLVM::ExtractElementOp::create(
        builder, loaded, arith::ConstantIntOp::create(builder, builder.getI32Type(), i)));
  return values;
}

void dlc::cuda::storeElements(ImplicitLocOpBuilder &builder, Type element, Value pointer,
                              ValueRange values) {
  int64_t count = values.size();
  Value stored = values[0];
  if (count > 1) {
    stored = LLVM::PoisonOp::create(builder, VectorType::get(count, stored.getType()));
    for (auto [index, value] : llvm::enumerate(values))
      stored = LLVM::InsertElementOp::create(
          builder, stored, value,
          arith::ConstantIntOp::create(builder, builder.getI32Type(), index));
  }
  if (getElementTypeOrSelf(stored) != element)
    stored = arith::TruncFOp::create(
        builder, count == 1 ? element : VectorType::get(count, element), stored);
  LLVM::StoreOp::create(builder, stored, pointer, count * bytesOf(element));
}
