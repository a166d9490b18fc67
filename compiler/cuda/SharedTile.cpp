//===- SharedTile.cpp - tiles of operands in shared memory ---------------------------===//

#include "compiler/cuda/SharedTile.h"
#include "compiler/cuda/Instructions.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc::cuda;

// Of float32: along K a thread reads 4 neighbours, and 8 threads at a time: those of 2 lines, of
// which the odd one has its halves of 16 elements exchanged. Of lines of one k a thread reads one
// element, in lines as far apart as it has neighbours for the 4 threads of a group: those turn by 8
// elements each.
//
// Of bfloat16: a matrix is read by 16 bytes of each of 8 lines, which turn so that these fill 128
// bytes: a line of 64 elements or more each by one place, of shorter lines those together that fill
// 128 bytes.
Int SharedTile::offset(Int line, Int place) const {
  Int start = line * stride();
  if (neighbours == 1)
    return start + place;
  if (isNarrow()) {
    int64_t together = std::max<int64_t>(1, 64 / length), places = std::min<int64_t>(8, length / 8);
    return start + (place ^ (line / together % places * 8));
  }
  if (alongK)
    return start + (length == 32 ? place ^ (line % 2 * 16) : place);
  return start + (place ^ (line / neighbours % 4 * 8));
}

Value SharedTile::at(Value stage, Int offset, int64_t more) const {
  ImplicitLocOpBuilder &b = *offset.builder;
  Value place = LLVM::GEPOp::create(b, stage.getType(), element, stage, ValueRange{offset.value});
  more += start / bytesOf(element);
  if (!more)
    return place;
  return LLVM::GEPOp::create(b, stage.getType(), element, place,
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

TileCopy::TileCopy(SharedTile to, std::unique_ptr<Source> from, Share share, bool transposed)
    : source(std::move(from)), tile(to), width(share.width) {
  for (int64_t i = 0; i < share.count; ++i) {
    int64_t ahead = i * share.distance, within = ahead % tile.period();
    if (transposed)
      targets.push_back({tile.offset(share.along, share.line), ahead});
    else
      targets.push_back(
          {tile.offset(share.line + within, share.along), (ahead - within) * tile.stride()});
  }
}

// What no asynchronous copy takes: it is there before the barrier that comes before its step.
static void copyElement(ImplicitLocOpBuilder &b, Type type, Value to, const Piece &piece) {
  Value element = LLVM::LoadOp::create(b, type, piece.pointer, bytesOf(type));
  if (piece.inside)
    element = arith::SelectOp::create(b, piece.inside, element,
                                      arith::ConstantOp::create(b, b.getFloatAttr(type, 0)));
  LLVM::StoreOp::create(b, element, to, bytesOf(type));
}

void TileCopy::start(Value stage, Int k) {
  constexpr int64_t kLeastBytes = 4;
  source->beginStep(k);
  ImplicitLocOpBuilder &b = *k.builder;
  int64_t bytes = width * bytesOf(tile.element);
  for (auto [index, target] : llvm::enumerate(targets)) {
    Piece piece = source->piece(index);
    Value to = tile.at(stage, target.offset, target.more);
    if (bytes < kLeastBytes)
      copyElement(b, tile.element, to, piece);
    else
      copyAsync(b, to, piece.pointer, bytes, piece.inside);
  }
}

// Before a step is multiplied, its copies have landed and every thread has read the stage that the
// next copies go to.
SmallVector<Value> dlc::cuda::sumSteps(const ThreadBlock &block, MutableArrayRef<TileCopy> copies,
                                       int64_t stageBytes, int64_t sums, Multiply multiply) {
  ImplicitLocOpBuilder &b = block.builder;
  Value shared = getSharedMemory(b);
  int64_t stages = block.cta.getStages(), ahead = stages - 1;
  auto stageOf = [&](Int step) -> Value {
    Int byte = step % stages * stageBytes;
    return LLVM::GEPOp::create(b, shared.getType(), b.getI8Type(), shared, ValueRange{byte.value});
  };
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
