//===- ExpandTensorCores.cpp - products by mma.sync -----------------------------------===//
//
// Fragments of 16 x 8: thread 4 g + t of a warp reads, for each row (or column) g of 8, the four
// elements 4 t ... 4 t + 3 of every 16 along K. Which k meets which register of mma.sync is free,
// as long as A and B agree; so both precisions read alike. As tf32 the elements are two products of
// 8 k, as bf16 one of 16. They are rounded once they are in registers.
//
//===--------------------------------------------------------------------------------===//

#include "compiler/cuda/Instructions.h"
#include "compiler/cuda/Templates.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;
using dlc::kernel::Math;

namespace {

// Reads an operand's registers from its tile, for groups of 8 rows or columns of a warp's part.
class FragmentReader {
public:
  FragmentReader(const ThreadBlock &block, const SharedTile &tile, Int first, int64_t extent);

  // The registers of group `group` for the 16 elements from 16 * `slice` on along K: 4 of tf32, 2
  // of bf16.
  SmallVector<Value> read(Value stage, int64_t group, int64_t slice) const;

private:
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
  Int g = block.lane() / 4, t = block.lane() % 4;
  if (tile.alongK) {
    for (int64_t slice = 0; slice < tile.length / 16; ++slice)
      starts.push_back(tile.offset(first + g, t * 4 + 16 * slice));
    return;
  }
  // The places of groups turn within 32 elements: where the warp's part starts with such, every
  // fourth group is read a constant further.
  for (int64_t group = 0; group < (extent % 32 ? extent / 8 : 4); ++group)
    starts.push_back(tile.offset(t * 4, first + 8 * group + g));
}

SmallVector<Value> FragmentReader::read(Value stage, int64_t group, int64_t slice) const {
  ImplicitLocOpBuilder &builder = block.builder;
  SmallVector<Value> values, registers;
  if (tile.alongK)
    values = loadElements(
        builder, sharedAt(stage, starts[slice], tile.start + 8 * group * tile.stride()), 4);
  else
    for (int64_t i = 0; i < 4; ++i) {
      int64_t same = group % starts.size();
      int64_t more = tile.start + (16 * slice + i) * tile.stride() + 8 * (group - same);
      llvm::append_range(values, loadElements(builder, sharedAt(stage, starts[same], more), 1));
    }
  if (block.math == Math::Bf16)
    return {roundToBf16(builder, values[0], values[1]), roundToBf16(builder, values[2], values[3])};
  return llvm::map_to_vector(values, [&](Value value) { return roundToTf32(builder, value); });
}

TensorCoreTile::TensorCoreTile(const Product &product)
    : product(product), block(product.block), row(block.row), column(block.column) {
  kernel::CtaAttr cta = block.cta;
  int64_t m = cta.getM(), n = cta.getN(), k = cta.getK();
  bool alongK = !product.transposed;
  a = {alongK, true, alongK ? m : k, alongK ? k : m, 0, 0};
  b = {false, true, k, n, 0, a.elements()};
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
    SmallVector<SmallVector<Value>> right;
    for (int64_t j = 0; j < columns; ++j)
      right.push_back(readB.read(stage, j, slice));
    for (int64_t i = 0; i < rows; ++i) {
      SmallVector<Value> low = readA.read(stage, 2 * i, slice);
      SmallVector<Value> high = readA.read(stage, 2 * i + 1, slice);
      for (size_t k = 0; k < low.size(); k += 2)
        for (int64_t j = 0; j < columns; ++j)
          multiplyTiles(block.builder, bf16, {low[k], high[k], low[k + 1], high[k + 1]},
                        {right[j][k], right[j][k + 1]}, sums.slice(4 * (i * columns + j), 4));
    }
  }
}

// Of a fragment's sums a thread has columns 2 t and 2 t + 1 of rows g and g + 8.
void TensorCoreTile::store(ArrayRef<Value> sums) const {
  Int g = block.lane() / 4, t = block.lane() % 4;
  SmallVector<Int> starts;
  for (int64_t j = 0; j < columns; ++j)
    starts.push_back(block.column + column + t * 2 + 8 * j);
  TileStore out(block, product.destination, starts, 2);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t half : {0, 1}) {
      SmallVector<Value> values;
      for (int64_t j = 0; j < columns; ++j)
        llvm::append_range(values, sums.slice(4 * (i * columns + j) + 2 * half, 2));
      out.storeRow(block.row + row + g + (16 * i + 8 * half), values);
    }
}

void dlc::cuda::expandTensorCores(const Product &product) {
  TensorCoreTile tile(product);
  SmallVector<TileCopy, 2> copies = tile.makeCopies();
  tile.store(sumSteps(
      product.block, copies, tile.a.elements() + tile.b.elements(), 4 * tile.rows * tile.columns,
      [&](Value stage, MutableArrayRef<Value> sums) { tile.multiply(stage, sums); }));
}
