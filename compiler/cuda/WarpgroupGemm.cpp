//===- WarpgroupGemm.cpp - products by TMA and wgmma ---------------------------------===//
//
// The first warpgroup copies, the others multiply, 64 rows of the tile each. Between them is a ring
// of stages in shared memory, each with a tile of A (rows x 32 elements), one of B (columns x 32)
// and two barriers: `full`, whose phase ends when both tiles have come, and `empty`, whose phase
// ends when every warp that multiplies has done with them.
//
//   first warpgroup, one thread:             the others:
//   for each step                            for each step
//     wait for empty[stage]                    wait for full[stage]
//     expect the bytes of both tiles           4 products of 8 elements of K
//     copy A and B, which arrive at            wait for the products of the step before
//       full[stage]                            arrive at empty[its stage]
//
// Rows of a tile have 128 bytes, in which the copy exchanges groups of 16 bytes (group g of row r
// goes to g ^ r % 8) so that the tensor cores read without bank conflicts; they undo it themselves.
// Tiles begin at multiples of the pattern's 1024 bytes.
//
//===--------------------------------------------------------------------------------===//

#include "compiler/cuda/WarpgroupGemm.h"
#include "compiler/cuda/SharedTile.h"
#include "compiler/cuda/WarpgroupInstructions.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

namespace {

constexpr int64_t kRowBytes = 4 * kTileRow, kBarrierBytes = 8, kProductDepth = 8;
constexpr int64_t kRowsPerWarpgroup = 64;
// Those of a block, 64K, are 168 for each of 384 threads; copying takes few.
constexpr int64_t kCopyRegisters = 40, kMultiplyRegisters = 232;

class WarpgroupTile {
public:
  explicit WarpgroupTile(const WarpgroupProduct &product)
      : product(product), block(product.block), b(block.builder), cta(block.cta),
        shared(getSharedMemory(b)), group(block.thread(ofFirstLane(b, group0().value))) {}
  void expand();

private:
  Int group0() const { return block.thread / kWarpgroup; }
  int64_t bytesOfA() const { return cta.getM() * kRowBytes; }
  int64_t bytesOfB() const { return cta.getN() * kRowBytes; }
  int64_t startOfB() const { return cta.getStages() * bytesOfA(); }
  int64_t startOfBarriers() const { return startOfB() + cta.getStages() * bytesOfB(); }
  Value at(Int byte) const;
  Value full(Int stage) const { return at(stage * kBarrierBytes + startOfBarriers()); }
  Value empty(Int stage) const {
    return at(stage * kBarrierBytes + (startOfBarriers() + cta.getStages() * kBarrierBytes));
  }
  Int zero() const { return block.thread.constant(0); }
  Int parity(Int step) const { return step / cta.getStages() % 2; }
  void forEachStep(function_ref<void(Int step)> body) const;

  void initBarriers() const;
  void copyTiles() const;
  void copyA(Int step, Value tile, Value barrier) const;
  void copyB(Int step, Value tile, Value barrier) const;
  Value multiply() const;
  Value multiplyStage(Int stage, Value sums) const;
  Value describeTile(Int byte) const;
  void store(Value sums) const;

  const WarpgroupProduct &product;
  const ThreadBlock &block;
  ImplicitLocOpBuilder &b;
  kernel::CtaAttr cta;
  Value shared;
  Int group; // of the thread, the same for all lanes
};

} // namespace

Value WarpgroupTile::at(Int byte) const {
  return LLVM::GEPOp::create(b, shared.getType(), b.getI8Type(), shared, ValueRange{byte.value});
}

void WarpgroupTile::forEachStep(function_ref<void(Int step)> body) const {
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, zero().value, block.steps.value, (zero() + 1).value);
  b.setInsertionPointToStart(loop.getBody());
  body(zero()(loop.getInductionVar()));
}

void WarpgroupTile::initBarriers() const {
  onlyWhere(b, block.thread.below(1), [&] {
    for (int64_t stage = 0; stage < cta.getStages(); ++stage) {
      initBarrier(b, full(zero() + stage), 1);
      initBarrier(b, empty(zero() + stage), cta.getWarpsM());
    }
    publishBarriers(b);
    prefetchMap(b, product.mapOfA);
    prefetchMap(b, product.mapOfB);
  });
  gpu::BarrierOp::create(b);
}

//===----------------------------------------------------------------------===//
// The warpgroup that copies
//===----------------------------------------------------------------------===//

// Windows lie in the image from their first pixels on: those of the block's rows, which the copy
// counts itself, across lines and images.
void WarpgroupTile::copyA(Int step, Value tile, Value barrier) const {
  const WarpgroupInput &a = product.a;
  Int channel = step % a.chunks() * kTileRow, tap = step / a.chunks();
  if (a.isMatrix)
    return copyBox(b, tile, product.mapOfA, {channel.value, block.row.value}, {}, barrier);
  Int outer = block.row / a.out[1];
  Int x = block.row % a.out[1] * a.strides[1] - a.padding[2];
  Int y = outer % a.out[0] * a.strides[0] - a.padding[0];
  Int right = tap % a.kernel[1] * a.dilations[1], down = tap / a.kernel[1] * a.dilations[0];
  copyBox(b, tile, product.mapOfA, {channel.value, x.value, y.value, (outer / a.out[0]).value},
          {right.value, down.value}, barrier);
}

void WarpgroupTile::copyB(Int step, Value tile, Value barrier) const {
  Int channel = step % product.a.chunks() * kTileRow, tap = step / product.a.chunks();
  copyBox(b, tile, product.mapOfB, {channel.value, tap.value, block.column.value}, {}, barrier);
}

void WarpgroupTile::copyTiles() const {
  forEachStep([&](Int step) {
    Int stage = step % cta.getStages();
    // In the first round stages are empty: the phase before the first has ended.
    waitForPhase(b, empty(stage), (zero() + 1 - parity(step)).value);
    Value barrier = full(stage);
    arriveAndExpect(b, barrier, bytesOfA() + bytesOfB());
    copyA(block.firstStep + step, at(stage * bytesOfA()), barrier);
    copyB(block.firstStep + step, at(stage * bytesOfB() + startOfB()), barrier);
  });
}

//===----------------------------------------------------------------------===//
// The warpgroups that multiply
//===----------------------------------------------------------------------===//

// PTX's matrix descriptor: the address and the distance of groups of 8 rows, in 16 bytes; swizzled
// in rows of 128 bytes.
Value WarpgroupTile::describeTile(Int byte) const {
  constexpr uint64_t distance = 8 * kRowBytes / 16, swizzle128 = 1;
  constexpr uint64_t rest = swizzle128 << 62 | distance << 32 | 1 << 16;
  Type i64 = b.getI64Type();
  Value address = LLVM::PtrToIntOp::create(b, b.getI32Type(), at(byte));
  address = (zero()(address) / 16).value;
  address = arith::AndIOp::create(b, address, zero().constant(0x3fff).value);
  return arith::OrIOp::create(b, arith::ExtUIOp::create(b, i64, address),
                              arith::ConstantIntOp::create(b, i64, rest));
}

Value WarpgroupTile::multiplyStage(Int stage, Value sums) const {
  Int rows = (group - 1) * (kRowsPerWarpgroup * kRowBytes);
  Value left = describeTile(stage * bytesOfA() + rows);
  Value right = describeTile(stage * bytesOfB() + startOfB());
  for (int64_t k = 0; k < kTileRow; k += kProductDepth) {
    Value along = arith::ConstantIntOp::create(b, b.getI64Type(), k * 4 / 16);
    sums = startProduct(b, arith::AddIOp::create(b, left, along),
                        arith::AddIOp::create(b, right, along), sums, cta.getN());
  }
  commitProducts(b);
  return sums;
}

// One step's products are under way while the tensor cores are given those of the next.
Value WarpgroupTile::multiply() const {
  auto loop = scf::ForOp::create(b, zero().value, block.steps.value, (zero() + 1).value,
                                 makeSums(b, cta.getN()));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Int step = zero()(loop.getInductionVar()), stage = step % cta.getStages();
    waitForPhase(b, full(stage), parity(step).value);
    fenceSums(b);
    Value sums = multiplyStage(stage, loop.getRegionIterArg(0));
    waitForProducts(b, 1);
    Value releases = both(b, block.lane().below(1), (zero().below(step)));
    onlyWhere(b, releases,
              [&] { arrive(b, empty((step + (cta.getStages() - 1)) % cta.getStages())); });
    scf::YieldOp::create(b, sums);
  }
  waitForProducts(b, 0);
  return loop.getResult(0);
}

// As mma.sync's: of every 8 columns a thread has 2 t and 2 t + 1 of rows g and g + 8, where it is
// lane 4 g + t of the warp, which has 16 rows.
void WarpgroupTile::store(Value sums) const {
  Int g = block.lane() / 4, t = block.lane() % 4;
  SmallVector<Int> starts;
  for (int64_t column = 0; column < cta.getN(); column += 8)
    starts.push_back(block.column + t * 2 + column);
  TileStore out(block, product.destination, starts, 2);
  Int row = block.row + (block.warp() - kWarpgroup / 32) * 16 + g;
  for (int64_t half : {0, 1}) {
    SmallVector<Value> values;
    for (int64_t column = 0; column < cta.getN(); column += 8)
      for (int64_t i : {0, 1})
        values.push_back(LLVM::ExtractValueOp::create(b, sums, column / 2 + 2 * half + i));
    out.storeRow(row + 8 * half, values);
  }
}

void WarpgroupTile::expand() {
  initBarriers();
  auto roles = scf::IfOp::create(b, group.below(1), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(roles.thenBlock());
  giveUpRegisters(b, kCopyRegisters);
  onlyWhere(b, block.thread.below(1), [&] { copyTiles(); });
  b.setInsertionPointToStart(roles.elseBlock());
  takeRegisters(b, kMultiplyRegisters);
  store(multiply());
}

void dlc::cuda::expandWarpgroups(const WarpgroupProduct &product) {
  WarpgroupTile(product).expand();
}
