//===- WarpgroupGemm.cpp - products by TMA and wgmma ---------------------------------===//
//
// The first warpgroup copies, the others multiply, 64 rows of the tile each. Between them is a ring
// of stages in shared memory, each with a tile of A, one of B and two barriers: `full`, whose phase
// ends when both tiles have come, and `empty`, whose phase ends when every warp that multiplies has
// done with them. The ring goes on from one of the block's tiles of the result to the next: while
// this one is stored, the next one's operands come.
//
//   first warpgroup, one thread:             the others:
//   for each tile                            for each tile
//     for each step                            for each step
//       wait for empty[stage]                    wait for full[stage]
//       expect the bytes of both tiles           4 products of 32 bytes of K
//       copy A and B, which arrive at            wait for the products of the step before
//         full[stage]                            arrive at empty[its stage]
//                                              wait for the last products, arrive
//                                              store
//
// Rows of a tile have 128 bytes, in which the copy exchanges groups of 16 bytes (group g of row r
// goes to g ^ r % 8) so that the tensor cores read without bank conflicts; they undo it themselves.
// Tiles begin at multiples of the pattern's 1024 bytes. A's rows lie along K, and so do B's of
// tf32, one for each column. B's of bf16 are 64 columns of one channel; a tile is one box of all
// channels after the other.
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

constexpr int64_t kRowBytes = 128, kBarrierBytes = 8, kProductsOfStep = 4;
constexpr int64_t kRowsPerWarpgroup = 64, kRowsPerWarp = 16, kWarps = kWarpgroup / 32;
// Those of a block, 64K, are 168 for each of 384 threads; copying takes few, most for the four
// boxes of 256 columns of bf16: with 40 these spill.
constexpr int64_t kCopyRegisters = 56, kMultiplyRegisters = 224;
// Rows of tiles whose columns are computed one after another. Blocks that run at once then read
// about as many tiles of A as of B, however wide the product is.
constexpr int64_t kRowsOfGroup = 8;

// One of the block's tiles: where it starts, and its part of K.
struct Tile {
  Int row, column, part, firstStep, steps;
};

class WarpgroupTiles {
public:
  explicit WarpgroupTiles(const WarpgroupProduct &product);
  void expand();

private:
  Value at(Int byte) const;
  Value full(Int stage) const { return at(stage * kBarrierBytes + memory.startOfBarriers); }
  Value empty(Int stage) const {
    return at(stage * kBarrierBytes + (memory.startOfBarriers + cta.getStages() * kBarrierBytes));
  }
  Int zero() const { return thread.constant(0); }
  Int stageOf(Int count) const { return count % cta.getStages(); }
  Int parity(Int count) const { return count / cta.getStages() % 2; }
  Int lane() const { return thread % 32; }

  Tile tileOf(Int index) const;
  void forEachTile(function_ref<void(const Tile &tile, Int count)> body) const;
  void initBarriers() const;
  void copyTiles() const;
  void copyA(const Tile &tile, Int channel, Int tap, Value to, Value barrier) const;
  void copyB(const Tile &tile, Int channel, Int tap, Int to, Value barrier) const;
  Value multiply(const Tile &tile, Int count) const;
  Value multiplyStage(Int stage, Value sums) const;
  void release(Int count, Value condition) const;
  Value describe(Int byte, int64_t leading) const;
  void store(const Tile &tile, Value sums) const;

  const WarpgroupProduct &product;
  ImplicitLocOpBuilder &b;
  kernel::CtaAttr cta;
  kernel::WarpgroupMemory memory;
  Value shared;
  Int thread, group; // the group is the same for all lanes
};

} // namespace

static Int readIndex(ImplicitLocOpBuilder &b, Value index) {
  return {&b, arith::IndexCastOp::create(b, b.getI32Type(), index)};
}

WarpgroupTiles::WarpgroupTiles(const WarpgroupProduct &product)
    : product(product), b(product.builder), cta(product.cta),
      memory(cta, product.isBf16 ? kernel::Math::WgmmaBf16 : kernel::Math::WgmmaTf32),
      shared(getSharedMemory(b)),
      thread(readIndex(b, gpu::ThreadIdOp::create(b, gpu::Dimension::x))),
      group(thread(ofFirstLane(b, (thread / kWarpgroup).value))) {}

Value WarpgroupTiles::at(Int byte) const {
  return LLVM::GEPOp::create(b, shared.getType(), b.getI8Type(), shared, ValueRange{byte.value});
}

Tile WarpgroupTiles::tileOf(Int index) const {
  Int down = (product.rows + (cta.getM() - 1)) / cta.getM();
  Int across = (product.columns + (cta.getN() - 1)) / cta.getN();
  Int tiles = down * across, part = product.parts > 1 ? index / tiles : zero();
  Int place = index - part * tiles, first = place / (across * kRowsOfGroup) * kRowsOfGroup;
  Int inGroup = place % (across * kRowsOfGroup), left = down - first;
  Int height = left.where(left.below(kRowsOfGroup), kRowsOfGroup);
  int64_t steps = product.a.taps() * product.chunks();
  Steps own = stepsOfPart(zero() + steps, part, product.parts);
  return {(first + inGroup % height) * cta.getM(), inGroup / height * cta.getN(), part, own.first,
          own.count};
}

// `count` counts the block's steps before the tile's.
void WarpgroupTiles::forEachTile(function_ref<void(const Tile &tile, Int count)> body) const {
  OpBuilder::InsertionGuard guard(b);
  Int first = readIndex(b, gpu::BlockIdOp::create(b, gpu::Dimension::x));
  Int blocks = readIndex(b, gpu::GridDimOp::create(b, gpu::Dimension::x));
  Int down = (product.rows + (cta.getM() - 1)) / cta.getM();
  Int across = (product.columns + (cta.getN() - 1)) / cta.getN();
  auto loop = scf::ForOp::create(b, first.value, (down * across * product.parts).value,
                                 blocks.value, zero().value);
  b.setInsertionPointToStart(loop.getBody());
  Tile tile = tileOf(zero()(loop.getInductionVar()));
  Int count = zero()(loop.getRegionIterArg(0));
  body(tile, count);
  scf::YieldOp::create(b, (count + tile.steps).value);
}

void WarpgroupTiles::initBarriers() const {
  onlyWhere(b, thread.below(1), [&] {
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

// Windows lie in the image from their first pixels on: those of the tile's rows, which the copy
// counts itself, across lines and images.
void WarpgroupTiles::copyA(const Tile &tile, Int channel, Int tap, Value to, Value barrier) const {
  const WarpgroupInput &a = product.a;
  if (a.isMatrix)
    return copyBox(b, to, product.mapOfA, {channel.value, tile.row.value}, {}, barrier);
  Int outer = tile.row / a.out[1];
  Int x = tile.row % a.out[1] * a.strides[1] - a.padding[2];
  Int y = outer % a.out[0] * a.strides[0] - a.padding[0];
  Int right = tap % a.kernel[1] * a.dilations[1], down = tap / a.kernel[1] * a.dilations[0];
  copyBox(b, to, product.mapOfA, {channel.value, x.value, y.value, (outer / a.out[0]).value},
          {right.value, down.value}, barrier);
}

void WarpgroupTiles::copyB(const Tile &tile, Int channel, Int tap, Int to, Value barrier) const {
  if (!product.isBf16)
    return copyBox(b, at(to), product.mapOfB, {channel.value, tap.value, tile.column.value}, {},
                   barrier);
  for (int64_t column = 0; column < cta.getN(); column += kColumnsOfRow)
    copyBox(b, at(to + column / kColumnsOfRow * cta.getK() * kRowBytes), product.mapOfB,
            {(tile.column + column).value, channel.value, tap.value}, {}, barrier);
}

void WarpgroupTiles::copyTiles() const {
  forEachTile([&](const Tile &tile, Int count) {
    auto loop = scf::ForOp::create(b, zero().value, tile.steps.value, (zero() + 1).value);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Int step = zero()(loop.getInductionVar()), own = tile.firstStep + step;
    Int channel = own % product.chunks() * cta.getK(), tap = own / product.chunks();
    Int stage = stageOf(count + step);
    // In the first round stages are empty: the phase before the first has ended.
    waitForPhase(b, empty(stage), (zero() + 1 - parity(count + step)).value);
    Value barrier = full(stage);
    arriveAndExpect(b, barrier, memory.tileOfA + memory.tileOfB);
    copyA(tile, channel, tap, at(stage * memory.tileOfA), barrier);
    copyB(tile, channel, tap, stage * memory.tileOfB + memory.startOfB, barrier);
  });
}

//===----------------------------------------------------------------------===//
// The warpgroups that multiply
//===----------------------------------------------------------------------===//

// PTX's matrix descriptor: the address, the distance of parts of 128 bytes where rows lie across K
// (`leading`), and that of groups of 8 rows; in 16 bytes each. Swizzled in rows of 128 bytes.
Value WarpgroupTiles::describe(Int byte, int64_t leading) const {
  constexpr uint64_t distance = 8 * kRowBytes / 16, swizzle128 = 1;
  uint64_t rest = swizzle128 << 62 | distance << 32 | static_cast<uint64_t>(leading / 16) << 16;
  Type i64 = b.getI64Type();
  Value address = LLVM::PtrToIntOp::create(b, b.getI32Type(), at(byte));
  address = (zero()(address) / 16).value;
  address = arith::AndIOp::create(b, address, zero().constant(0x3fff).value);
  return arith::OrIOp::create(b, arith::ExtUIOp::create(b, i64, address),
                              arith::ConstantIntOp::create(b, i64, rest));
}

// Of rows along K a product reads 32 bytes, of others as many channels, a row each.
Value WarpgroupTiles::multiplyStage(Int stage, Value sums) const {
  constexpr int64_t along = kRowBytes / kProductsOfStep, unused = 16;
  int64_t across = cta.getK() / kProductsOfStep * kRowBytes, leading = cta.getK() * kRowBytes;
  Int rows = (group - 1) * (kRowsPerWarpgroup * kRowBytes);
  Value left = describe(stage * memory.tileOfA + rows, unused);
  Value right =
      describe(stage * memory.tileOfB + memory.startOfB, product.isBf16 ? leading : unused);
  auto moved = [&](Value tile, int64_t bytes) {
    return arith::AddIOp::create(b, tile,
                                 arith::ConstantIntOp::create(b, b.getI64Type(), bytes / 16));
  };
  for (int64_t k = 0; k < kProductsOfStep; ++k)
    sums = startProduct(b, product.isBf16, moved(left, k * along),
                        moved(right, k * (product.isBf16 ? across : along)), sums, cta.getN());
  commitProducts(b);
  return sums;
}

// Gives back the stage of the step before `count`.
void WarpgroupTiles::release(Int count, Value condition) const {
  onlyWhere(b, both(b, lane().below(1), condition),
            [&] { arrive(b, empty(stageOf(count + (cta.getStages() - 1)))); });
}

// One step's products are under way while the tensor cores are given those of the next.
Value WarpgroupTiles::multiply(const Tile &tile, Int count) const {
  auto loop = scf::ForOp::create(b, zero().value, tile.steps.value, (zero() + 1).value,
                                 makeSums(b, cta.getN()));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Int step = zero()(loop.getInductionVar()), stage = stageOf(count + step);
    waitForPhase(b, full(stage), parity(count + step).value);
    fenceSums(b);
    Value sums = multiplyStage(stage, loop.getRegionIterArg(0));
    waitForProducts(b, 1);
    release(count + step, zero().below(step));
    scf::YieldOp::create(b, sums);
  }
  waitForProducts(b, 0);
  release(count + tile.steps, product.parts > 1 ? zero().below(tile.steps) : Value());
  return loop.getResult(0);
}

void WarpgroupTiles::store(const Tile &tile, Value sums) const {
  SmallVector<Value> own;
  for (int64_t i = 0; i < cta.getN() / 2; ++i)
    own.push_back(LLVM::ExtractValueOp::create(b, sums, i));
  Int warp = thread / 32 - kWarps;
  Value room = at(warp * kernel::kWarpStoreBytes + memory.startOfStores);
  RowStore out(b, product.destination, room, lane(), product.rows, product.columns);
  out.store({tile.row + warp * kRowsPerWarp, tile.column, tile.part, cta.getM(), cta.getN()}, own);
}

void WarpgroupTiles::expand() {
  initBarriers();
  auto roles = scf::IfOp::create(b, group.below(1), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(roles.thenBlock());
  giveUpRegisters(b, kCopyRegisters);
  onlyWhere(b, thread.below(1), [&] { copyTiles(); });
  b.setInsertionPointToStart(roles.elseBlock());
  takeRegisters(b, kMultiplyRegisters);
  forEachTile([&](const Tile &tile, Int count) { store(tile, multiply(tile, count)); });
}

void dlc::cuda::expandWarpgroups(const WarpgroupProduct &product) {
  WarpgroupTiles(product).expand();
}
