//===- SharedTile.cpp - tiles of operands in shared memory ---------------------------===//

#include "compiler/cuda/SharedTile.h"
#include "compiler/cuda/Instructions.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc::cuda;

// Along K a thread reads 4 neighbours, and 8 threads at a time: those of 2 lines, of which the odd
// one has its halves of 16 elements exchanged. Of lines of one k a thread reads one element, in
// lines 4 apart for the 4 threads of a group: those turn by 8 elements each.
Int SharedTile::offset(Int line, Int place) const {
  Int start = line * stride();
  if (!swizzled)
    return start + place;
  if (alongK)
    return start + (length == 32 ? place ^ (line % 2 * 16) : place);
  return start + (place ^ (line / 4 % 4 * 8));
}

Value dlc::cuda::sharedAt(Value base, Int offset, int64_t more) {
  ImplicitLocOpBuilder &b = *offset.builder;
  Type type = b.getF32Type();
  Value place = LLVM::GEPOp::create(b, base.getType(), type, base, ValueRange{offset.value});
  if (!more)
    return place;
  return LLVM::GEPOp::create(b, base.getType(), type, place,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(more)});
}

// An array of no elements without a value is memory whose size the launch gives. The patterns of
// tiles that the tensor memory accelerator copies repeat every 1024 bytes.
Value dlc::cuda::getSharedMemory(ImplicitLocOpBuilder &builder) {
  constexpr llvm::StringLiteral name = "dlc_shared";
  auto module = builder.getBlock()->getParentOp()->getParentOfType<gpu::GPUModuleOp>();
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  if (!module.lookupSymbol(name)) {
    OpBuilder at = OpBuilder::atBlockBegin(module.getBody());
    LLVM::GlobalOp::create(at, module.getLoc(), type, /*isConstant=*/false, LLVM::Linkage::External,
                           name, Attribute(), /*alignment=*/1024,
                           /*addrSpace=*/3);
  }
  return LLVM::AddressOfOp::create(builder, LLVM::LLVMPointerType::get(builder.getContext(), 3),
                                   name);
}

TileCopy::TileCopy(SharedTile tile, std::unique_ptr<Source> from, Share share, bool transposed)
    : source(std::move(from)), width(share.width) {
  for (int64_t i = 0; i < share.count; ++i) {
    int64_t ahead = i * share.distance, within = ahead % tile.period();
    Int base = share.line.constant(tile.start);
    if (transposed)
      targets.push_back({base + tile.offset(share.along, share.line), ahead});
    else
      targets.push_back(
          {base + tile.offset(share.line + within, share.along), (ahead - within) * tile.stride()});
  }
}

void TileCopy::start(Value stage, Int k) {
  source->beginStep(k);
  ImplicitLocOpBuilder &b = *k.builder;
  for (auto [index, target] : llvm::enumerate(targets)) {
    Piece piece = source->piece(index);
    copyAsync(b, sharedAt(stage, target.offset, target.more), piece.pointer, width, piece.inside);
  }
}

// Before a step is multiplied, its copies have landed and every thread has read the stage that the
// next copies go to.
SmallVector<Value> dlc::cuda::sumSteps(const ThreadBlock &block, MutableArrayRef<TileCopy> copies,
                                       int64_t stageElements, int64_t sums, Multiply multiply) {
  ImplicitLocOpBuilder &b = block.builder;
  Value shared = getSharedMemory(b);
  int64_t stages = block.cta.getStages(), ahead = stages - 1;
  auto stageOf = [&](Int step) { return sharedAt(shared, step % stages * stageElements); };
  auto copy = [&](Int step) {
    onlyWhere(b, step.below(block.steps), [&] {
      for (TileCopy &operand : copies)
        operand.start(stageOf(step), (block.firstStep + step) * block.cta.getK());
    });
    commitCopies(b);
  };
  Int zero = block.part.constant(0);
  for (int64_t step = 0; step < ahead; ++step)
    copy(zero + step);
  Value none = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  auto loop = scf::ForOp::create(b, zero.value, block.steps.value, (zero + 1).value,
                                 SmallVector<Value>(sums, none));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Int step = zero(loop.getInductionVar());
  waitForCopies(b, ahead - 1);
  gpu::BarrierOp::create(b);
  copy(step + ahead);
  SmallVector<Value> values(loop.getRegionIterArgs());
  multiply(stageOf(step), values);
  scf::YieldOp::create(b, values);
  return SmallVector<Value>(loop.getResults());
}
