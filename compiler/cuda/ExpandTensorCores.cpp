//===- ExpandTensorCores.cpp - products by mma.sync -----------------------------------===//
//
// Fragments of 16 x 8. Of float32 thread 4 g + t of a warp reads, for each row (or column) g of 8,
// the four elements 4 t ... 4 t + 3 of every 16 along K. Which k meets which register of mma.sync
// is free, as long as A and B agree; so both precisions read alike. As tf32 the elements are two
// products of 8 k, as bf16 one of 16. They are rounded once they are in registers.
//
// Of bfloat16 the warp reads whole matrices of 8 x 8, as the registers have them: elements 2 t,
// 2 t + 1, 2 t + 8 and 2 t + 9, which float32 beside it follows.
//
//===--------------------------------------------------------------------------------===//

#include "compiler/cuda/Instructions.h"
#include "compiler/cuda/StoreRows.h"
#include "compiler/cuda/Templates.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;
using dlc::kernel::Math;

namespace {

// Registers of one group of 8 rows or columns, for 16 elements along K: 4 of tf32, 2 of bf16.
using Registers = SmallVector<Value>;

// Reads an operand's registers from its tile, for groups of 8 rows or columns of a warp's part.
class FragmentReader {
public:
  FragmentReader(const ThreadBlock &block, const SharedTile &tile, Int first, int64_t extent);

  // Those of `count` groups, 1 or 2, from `group` on, for the 16 elements from 16 * `slice` on.
  SmallVector<Registers> read(Value stage, int64_t group, int64_t count, int64_t slice) const;

private:
  void placeElements(Int first, int64_t extent);
  void placeMatrices(Int first, int64_t extent);
  Registers readElements(Value stage, int64_t group, int64_t slice) const;
  SmallVector<Registers> readMatrices(Value stage, int64_t group, int64_t count,
                                      int64_t slice) const;
  Value at(Value stage, int64_t group, int64_t slice, int64_t line) const;

  const ThreadBlock &block;
  const SharedTile &tile;
  SmallVector<Int> starts; // of each slice along K; or of each of the first groups
};

struct TensorCoreTile {
  explicit TensorCoreTile(const Product &product);

  SmallVector<TileCopy, 2> makeCopies() const;
  void multiply(Value stage, MutableArrayRef<Value> sums) const;
  void store(ArrayRef<Value> sums) const;

  const Product &product;
  const ThreadBlock &block;
  SharedTile a, b;
  int64_t rows, columns; // fragments of a warp
  Int row, column;       // where its part starts, within the tile
};

} // namespace

FragmentReader::FragmentReader(const ThreadBlock &block, const SharedTile &tile, Int first,
                               int64_t extent)
    : block(block), tile(tile) {
  tile.isNarrow() ? placeMatrices(first, extent) : placeElements(first, extent);
}

void FragmentReader::placeElements(Int first, int64_t extent) {
  Int g = block.lane() / 4, t = block.lane() % 4;
  if (tile.alongK) {
    for (int64_t slice = 0; slice < tile.length / 16; ++slice)
      starts.push_back(tile.offset(first + g, t * 4 + 16 * slice));
    return;
  }
  // The places of groups turn within 32 elements: where the warp's part starts with such, every
  // fourth group is read a constant further.
  for (int64_t group = 0; group < (extent % 32 ? extent / 8 : 4); ++group)
    starts.push_back(tile.offset(t * tile.neighbours, first + 8 * group + g));
}

// The rows that the lanes bring are those of the first group's elements 0 to 7 along K, of the
// second group's, then of elements 8 to 15 of both; of a single group there is no second one.
void FragmentReader::placeMatrices(Int first, int64_t extent) {
  Int row = block.lane() % 8, second = block.lane() / 8 % 2, half = block.lane() / 16;
  if (extent == 8)
    std::tie(second, half) = std::tuple(row.constant(0), second);
  if (tile.alongK) {
    for (int64_t slice = 0; slice < tile.length / 16; ++slice)
      starts.push_back(tile.offset(first + row + second * 8, half * 8 + 16 * slice));
    return;
  }
  // As above, within 64 elements.
  for (int64_t group = 0; group < (extent % 64 ? extent / 8 : 8); ++group)
    starts.push_back(tile.offset(row + half * 8, first + 8 * group + second * 8));
}

// The thread's place for a group and a slice, `line` lines further.
Value FragmentReader::at(Value stage, int64_t group, int64_t slice, int64_t line) const {
  if (tile.alongK)
    return tile.at(stage, starts[slice], (8 * group + line) * tile.stride());
  int64_t same = group % starts.size();
  return tile.at(stage, starts[same], (16 * slice + line) * tile.stride() + 8 * (group - same));
}

Registers FragmentReader::readElements(Value stage, int64_t group, int64_t slice) const {
  ImplicitLocOpBuilder &builder = block.builder;
  Registers values;
  if (tile.alongK)
    values = loadElements(builder, tile.element, at(stage, group, slice, 0), 4);
  else
    for (int64_t i = 0; i < 4; ++i) {
      int64_t line = tile.neighbours == 4 ? i : i % 2 + i / 2 * 8;
      llvm::append_range(values,
                         loadElements(builder, tile.element, at(stage, group, slice, line), 1));
    }
  if (block.math == Math::Bf16)
    return {roundToBf16(builder, values[0], values[1]), roundToBf16(builder, values[2], values[3])};
  return llvm::map_to_vector(values, [&](Value value) { return roundToTf32(builder, value); });
}

SmallVector<Registers> FragmentReader::readMatrices(Value stage, int64_t group, int64_t count,
                                                    int64_t slice) const {
  Value row = at(stage, group, slice, 0);
  if (count == 2) {
    SmallVector<Value> r = loadMatrices(block.builder, row, 4, !tile.alongK);
    return {{r[0], r[2]}, {r[1], r[3]}};
  }
  return {loadMatrices(block.builder, row, 2, !tile.alongK)};
}

SmallVector<Registers> FragmentReader::read(Value stage, int64_t group, int64_t count,
                                            int64_t slice) const {
  if (tile.isNarrow())
    return readMatrices(stage, group, count, slice);
  SmallVector<Registers> registers;
  for (int64_t i = 0; i < count; ++i)
    registers.push_back(readElements(stage, group + i, slice));
  return registers;
}

TensorCoreTile::TensorCoreTile(const Product &product)
    : product(product), block(product.block), row(block.row), column(block.column) {
  kernel::CtaAttr cta = block.cta;
  int64_t m = cta.getM(), n = cta.getN(), k = cta.getK();
  bool alongK = !product.transposed;
  Type left = product.a.image.element, right = product.b.element;
  int64_t neighbours = left.isBF16() || right.isBF16() ? 2 : 4;
  a = {left, alongK, neighbours, alongK ? m : k, alongK ? k : m, 0, 0};
  b = {right, false, neighbours, k, n, 0, a.bytes()};
  rows = m / cta.getWarpsM() / 16;
  columns = n / cta.getWarpsN() / 8;
  row = block.warp() % cta.getWarpsM() * (16 * rows);
  column = block.warp() / cta.getWarpsM() * (8 * columns);
}

SmallVector<TileCopy, 2> TensorCoreTile::makeCopies() const {
  SmallVector<TileCopy, 2> copies;
  Share left = Share::of(block, a.lines, a.length, windowVector(product.a));
  copies.push_back({a,
                    product.transposed ? pixelLines(block, product.a, left)
                                       : windowLines(block, product.a, left),
                    left, false});
  Share right = Share::of(block, b.lines, b.length, matrixVector(product.b));
  copies.push_back({b, matrixLines(block, product.b, right), right, false});
  return copies;
}

void TensorCoreTile::multiply(Value stage, MutableArrayRef<Value> sums) const {
  FragmentReader readA(block, a, row, 16 * rows), readB(block, b, column, 8 * columns);
  bool bf16 = block.math == Math::Bf16;
  for (int64_t slice = 0; slice < block.cta.getK() / 16; ++slice) {
    SmallVector<Registers> right;
    for (int64_t j = 0; j < columns; j += 2)
      llvm::append_range(right, readB.read(stage, j, std::min<int64_t>(2, columns - j), slice));
    for (int64_t i = 0; i < rows; ++i) {
      SmallVector<Registers> left = readA.read(stage, 2 * i, 2, slice);
      Registers &low = left[0], &high = left[1];
      for (size_t k = 0; k < low.size(); k += 2)
        for (int64_t j = 0; j < columns; ++j)
          multiplyTiles(block.builder, bf16, {low[k], high[k], low[k + 1], high[k + 1]},
                        {right[j][k], right[j][k + 1]}, sums.slice(4 * (i * columns + j), 4));
    }
  }
}

// Once no warp reads the stages any more, they are where lanes exchange their sums.
void TensorCoreTile::store(ArrayRef<Value> sums) const {
  ImplicitLocOpBuilder &b = block.builder;
  kernel::CtaAttr cta = block.cta;
  gpu::BarrierOp::create(b);
  Value shared = getSharedMemory(b);
  Int byte = block.warp() * kernel::kWarpStoreBytes;
  Value room =
      LLVM::GEPOp::create(b, shared.getType(), b.getI8Type(), shared, ValueRange{byte.value});
  RowStore out(b, product.destination, room, block.lane(), block.rows, block.columns);
  for (int64_t i = 0; i < rows; ++i)
    out.store({block.row + row + 16 * i, block.column + column, block.part, cta.getM(), cta.getN()},
              sums.slice(4 * i * columns, 4 * columns), /*isFree=*/i == 0);
}

void dlc::cuda::expandTensorCores(const Product &product) {
  TensorCoreTile tile(product);
  SmallVector<TileCopy, 2> copies = tile.makeCopies();
  tile.store(
      sumSteps(product.block, copies, tile.a.bytes() + tile.b.bytes(), 4 * tile.rows * tile.columns,
               [&](Value stage, MutableArrayRef<Value> sums) { tile.multiply(stage, sums); }));
}
