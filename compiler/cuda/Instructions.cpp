//===- Instructions.cpp - what only GPUs can do -------------------------------------===//

#include "compiler/cuda/Instructions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace dlc;

// Whole vectors of 16 bytes pass the first level cache by: it keeps nothing of use to others.
void cuda::copyAsync(ImplicitLocOpBuilder &builder, Value shared, Value global, int64_t bytes,
                     Value condition) {
  auto cache = bytes == 16 ? NVVM::LoadCacheModifierKind::CG : NVVM::LoadCacheModifierKind::CA;
  Type type = builder.getI32Type();
  Value size;
  if (condition)
    size = arith::SelectOp::create(builder, condition,
                                   arith::ConstantIntOp::create(builder, type, bytes),
                                   arith::ConstantIntOp::create(builder, type, 0));
  NVVM::CpAsyncOp::create(builder, shared, global, builder.getI32IntegerAttr(bytes),
                          NVVM::LoadCacheModifierKindAttr::get(builder.getContext(), cache), size);
}

void cuda::commitCopies(ImplicitLocOpBuilder &builder) {
  NVVM::CpAsyncCommitGroupOp::create(builder);
}

void cuda::waitForCopies(ImplicitLocOpBuilder &builder, int64_t groups) {
  NVVM::CpAsyncWaitGroupOp::create(builder, builder.getI32IntegerAttr(groups));
}

void cuda::syncWarp(ImplicitLocOpBuilder &builder) {
  Value all = arith::ConstantIntOp::create(builder, builder.getI32Type(), -1);
  NVVM::SyncWarpOp::create(builder, all);
}

Value cuda::roundToTf32(ImplicitLocOpBuilder &builder, Value value) {
  return NVVM::ConvertFloatToTF32Op::create(builder, builder.getI32Type(), value,
                                            NVVM::FPRoundingMode::RNA);
}

Value cuda::roundToBf16(ImplicitLocOpBuilder &builder, Value low, Value high) {
  Type type = builder.getI32Type();
  Value pair = LLVM::PoisonOp::create(builder, VectorType::get(2, builder.getF32Type()));
  for (auto [index, element] : llvm::enumerate(ValueRange{low, high}))
    pair = LLVM::InsertElementOp::create(builder, pair, element,
                                         arith::ConstantIntOp::create(builder, type, index));
  Value rounded = arith::TruncFOp::create(builder, VectorType::get(2, builder.getBF16Type()), pair);
  return LLVM::BitcastOp::create(builder, type, rounded);
}

SmallVector<Value> cuda::loadMatrices(ImplicitLocOpBuilder &builder, Value row, int64_t number,
                                      bool transposed) {
  SmallVector<Type> types(number, builder.getI32Type());
  auto registers = LLVM::LLVMStructType::getLiteral(builder.getContext(), types);
  auto shape = NVVM::LdStMatrixShapeAttr::get(builder.getContext(), 8, 8);
  Value loaded = NVVM::LdMatrixOp::create(builder, registers, row, number,
                                          transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
                                          shape, NVVM::LdStMatrixEltType::B16);
  SmallVector<Value> values;
  for (int64_t i = 0; i < number; ++i)
    values.push_back(LLVM::ExtractValueOp::create(builder, loaded, i));
  return values;
}

void cuda::multiplyTiles(ImplicitLocOpBuilder &builder, bool bf16, ValueRange a, ValueRange b,
                         MutableArrayRef<Value> c) {
  SmallVector<Type> types(4, builder.getF32Type());
  auto sums = LLVM::LLVMStructType::getLiteral(builder.getContext(), types);
  auto type = bf16 ? NVVM::MMATypes::bf16 : NVVM::MMATypes::tf32;
  Value product = NVVM::MmaOp::create(
      builder, sums, a, b, ValueRange(c), ArrayRef<int64_t>{16, 8, bf16 ? 16 : 8}, std::nullopt,
      std::nullopt, std::array{type, type}, std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  for (auto [index, element] : llvm::enumerate(c))
    element = LLVM::ExtractValueOp::create(builder, product, index);
}
