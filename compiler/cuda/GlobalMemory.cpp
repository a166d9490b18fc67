//===- GlobalMemory.cpp - buffers as a kernel's threads see them ---------------------===//

#include "compiler/cuda/GlobalMemory.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc::cuda;

int64_t dlc::cuda::commonVector(ArrayRef<int64_t> numbers) {
  int64_t width = 4;
  for (int64_t number : numbers)
    while (number % width)
      width /= 2;
  return width;
}

Value GlobalBuffer::at(Int offset, int64_t more) const {
  ImplicitLocOpBuilder &b = *offset.builder;
  Type type = b.getF32Type();
  Value place = LLVM::GEPOp::create(b, pointer.getType(), type, pointer, ValueRange{offset.value});
  if (!more)
    return place;
  return LLVM::GEPOp::create(b, pointer.getType(), type, place,
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
  buffer.shape = llvm::to_vector(type.getShape());
  MemRefDescriptor descriptor = getDescriptor(builder, memref);
  Location loc = builder.getLoc();
  Value start = descriptor.alignedPtr(builder, loc);
  bool known = !ShapedType::isDynamic(offset);
  if (!known)
    start = LLVM::GEPOp::create(builder, start.getType(), builder.getF32Type(), start,
                                ValueRange{descriptor.offset(builder, loc)});
  else if (offset)
    start = LLVM::GEPOp::create(builder, start.getType(), builder.getF32Type(), start,
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
  jumps.push_back(offset);
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

SmallVector<Value> dlc::cuda::loadElements(ImplicitLocOpBuilder &builder, Value pointer,
                                           int64_t count) {
  Type element = builder.getF32Type();
  if (count == 1)
    return {LLVM::LoadOp::create(builder, element, pointer, /*alignment=*/4)};
  Value vector = LLVM::LoadOp::create(builder, VectorType::get(count, element), pointer, 4 * count);
  SmallVector<Value> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(LLVM::ExtractElementOp::create(
        builder, vector, arith::ConstantIntOp::create(builder, builder.getI32Type(), i)));
  return values;
}

void dlc::cuda::storeElements(ImplicitLocOpBuilder &builder, Value pointer, ValueRange values) {
  if (values.size() == 1) {
    LLVM::StoreOp::create(builder, values[0], pointer, /*alignment=*/4);
    return;
  }
  Value vector =
      LLVM::PoisonOp::create(builder, VectorType::get(values.size(), builder.getF32Type()));
  for (auto [index, value] : llvm::enumerate(values))
    vector = LLVM::InsertElementOp::create(
        builder, vector, value, arith::ConstantIntOp::create(builder, builder.getI32Type(), index));
  LLVM::StoreOp::create(builder, vector, pointer, 4 * values.size());
}
