//===- WarpgroupInstructions.cpp - what only sm_90a can do --------------------------===//

#include "compiler/cuda/WarpgroupInstructions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace dlc;

static Value number(ImplicitLocOpBuilder &builder, int64_t value) {
  return arith::ConstantIntOp::create(builder, builder.getI32Type(), value);
}

void cuda::registerInstructions(DialectRegistry &registry) { registry.insert<NVVM::NVVMDialect>(); }

void cuda::initBarrier(ImplicitLocOpBuilder &builder, Value barrier, int64_t arrivals) {
  NVVM::MBarrierInitOp::create(builder, barrier, number(builder, arrivals), Value());
}

void cuda::publishBarriers(ImplicitLocOpBuilder &builder) {
  NVVM::FenceMbarrierInitOp::create(builder);
}

void cuda::arrive(ImplicitLocOpBuilder &builder, Value barrier) {
  NVVM::MBarrierArriveOp::create(builder, builder.getI64Type(), barrier, Value());
}

void cuda::arriveAndExpect(ImplicitLocOpBuilder &builder, Value barrier, int64_t bytes) {
  NVVM::MBarrierArriveExpectTxOp::create(builder, Type(), barrier, number(builder, bytes),
                                         NVVM::MemScopeKind::CTA, /*relaxed=*/false, Value());
}

void cuda::waitForPhase(ImplicitLocOpBuilder &builder, Value barrier, Value parity) {
  // Nanoseconds to sleep between looks; the barrier itself wakes sooner.
  constexpr int64_t kPatience = 10000000;
  NVVM::MBarrierTryWaitParityOp::create(builder, barrier, parity, number(builder, kPatience));
}

void cuda::copyBox(ImplicitLocOpBuilder &builder, Value tile, Value map, ValueRange coordinates,
                   ValueRange offsets, Value barrier) {
  auto cluster = LLVM::LLVMPointerType::get(builder.getContext(), 7);
  SmallVector<Value> narrow;
  for (Value offset : offsets)
    narrow.push_back(arith::TruncIOp::create(builder, builder.getI16Type(), offset));
  NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
      builder, LLVM::AddrSpaceCastOp::create(builder, cluster, tile), map, coordinates, barrier,
      narrow, Value(), Value(),
      offsets.empty() ? NVVM::TMALoadMode::TILE : NVVM::TMALoadMode::IM2COL,
      /*isCTAOnly=*/false, NVVM::CTAGroupKindAttr(), Value());
}

void cuda::prefetchMap(ImplicitLocOpBuilder &builder, Value map) {
  NVVM::PrefetchOp::create(builder, NVVM::PrefetchCacheLevelAttr(),
                           NVVM::CacheEvictionPriorityAttr(), map, Value(), /*tensormap=*/true);
}

void cuda::giveUpRegisters(ImplicitLocOpBuilder &builder, int64_t count) {
  NVVM::SetMaxRegisterOp::create(builder, count, NVVM::SetMaxRegisterAction::decrease);
}

void cuda::takeRegisters(ImplicitLocOpBuilder &builder, int64_t count) {
  NVVM::SetMaxRegisterOp::create(builder, count, NVVM::SetMaxRegisterAction::increase);
}

Value cuda::ofFirstLane(ImplicitLocOpBuilder &builder, Value value) {
  return NVVM::ShflOp::create(builder, builder.getI32Type(), number(builder, -1), value,
                              number(builder, 0), number(builder, 31), NVVM::ShflKind::idx,
                              UnitAttr());
}

Value cuda::makeSums(ImplicitLocOpBuilder &builder, int64_t n) {
  SmallVector<Type> types(n / 2, builder.getF32Type());
  auto type = LLVM::LLVMStructType::getLiteral(builder.getContext(), types);
  return LLVM::ZeroOp::create(builder, type);
}

void cuda::fenceSums(ImplicitLocOpBuilder &builder) { NVVM::WgmmaFenceAlignedOp::create(builder); }

Value cuda::startProduct(ImplicitLocOpBuilder &builder, bool bf16, Value a, Value b, Value sums,
                         int64_t n) {
  auto shape = NVVM::MMAShapeAttr::get(builder.getContext(), 64, n, bf16 ? 16 : 8);
  auto type = bf16 ? NVVM::WGMMATypes::bf16 : NVVM::WGMMATypes::tf32;
  // Of a column-major b the columns are contiguous, along K.
  return NVVM::WgmmaMmaAsyncOp::create(
      builder, sums.getType(), sums, a, b, shape, type, type, NVVM::WGMMATypes::f32,
      NVVM::WGMMAScaleOut::one, NVVM::WGMMAScaleIn::one, NVVM::WGMMAScaleIn::one,
      NVVM::MMALayout::row, bf16 ? NVVM::MMALayout::row : NVVM::MMALayout::col,
      NVVM::MMAIntOverflowAttr());
}

void cuda::commitProducts(ImplicitLocOpBuilder &builder) {
  NVVM::WgmmaGroupSyncAlignedOp::create(builder);
}

void cuda::waitForProducts(ImplicitLocOpBuilder &builder, int64_t groups) {
  NVVM::WgmmaWaitGroupSyncOp::create(builder, groups);
}
