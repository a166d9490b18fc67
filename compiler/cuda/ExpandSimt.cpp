//===- ExpandSimt.cpp - products by fused multiply-adds ------------------------------===//
//
// The tiles of both operands hold one k a line. A thread has 4 or 8 rows and as many columns, in
// runs of 4 half a tile apart, so that what the threads of a warp read and store lies side by side:
//
//   for k of the step:  a[0..7] = 2 vectors of line k of A,  b[0..7] = 2 of B
//                       sum[i][j] = fma(a[i], b[j], sum[i][j])
//
//===--------------------------------------------------------------------------------===//

#include "compiler/cuda/Templates.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

namespace {

struct SimtTile {
  explicit SimtTile(const Product &product);

  void expand();
  SmallVector<TileCopy, 2> makeCopies() const;
  void multiply(Value stage, MutableArrayRef<Value> sums) const;
  void store(ArrayRef<Value> sums) const;

  const Product &product;
  const ThreadBlock &block;
  SharedTile a, b;
  SmallVector<Int> rows, columns; // first of each run of 4, within the tile
};

} // namespace

// As the verifier has it, 16, 32 or 64 elements a thread: 4 x 4, 8 x 4 or 8 x 8.
SimtTile::SimtTile(const Product &product) : product(product), block(product.block) {
  kernel::CtaAttr cta = block.cta;
  int64_t m = cta.getM(), n = cta.getN(), k = cta.getK(), elements = m * n / cta.getThreads();
  int64_t rowRuns = elements == 16 ? 1 : 2, columnRuns = elements == 64 ? 2 : 1;
  a = {product.a.image.element, false, 1, k, m, 4, 0};
  b = {product.b.element, false, 1, k, n, 0, a.bytes()};
  int64_t across = n / (4 * columnRuns);
  for (int64_t run = 0; run < rowRuns; ++run)
    rows.push_back(block.thread / across * 4 + run * (m / rowRuns));
  for (int64_t run = 0; run < columnRuns; ++run)
    columns.push_back(block.thread % across * 4 + run * (n / columnRuns));
}

// Windows run along K, lines of the tile do not: elements are copied one by one.
SmallVector<TileCopy, 2> SimtTile::makeCopies() const {
  SmallVector<TileCopy, 2> copies;
  if (product.transposed) {
    Share share = Share::of(block, a.lines, a.length, windowVector(product.a));
    copies.push_back({a, pixelLines(block, product.a, share), share, false});
  } else {
    Share share = Share::of(block, a.length, a.lines, 1);
    copies.push_back({a, windowLines(block, product.a, share), share, true});
  }
  Share share = Share::of(block, b.lines, b.length, matrixVector(product.b));
  copies.push_back({b, matrixLines(block, product.b, share), share, false});
  return copies;
}

void SimtTile::multiply(Value stage, MutableArrayRef<Value> sums) const {
  ImplicitLocOpBuilder &builder = block.builder;
  auto read = [&](const SharedTile &tile, ArrayRef<Int> runs, int64_t k) {
    SmallVector<Value> values;
    for (Int run : runs)
      llvm::append_range(
          values, loadElements(builder, tile.element, tile.at(stage, run, k * tile.stride()), 4));
    return values;
  };
  for (int64_t k = 0; k < block.cta.getK(); ++k) {
    SmallVector<Value> left = read(a, rows, k), right = read(b, columns, k);
    for (auto [i, x] : llvm::enumerate(left))
      for (auto [j, y] : llvm::enumerate(right)) {
        Value &sum = sums[i * right.size() + j];
        sum = LLVM::FMAOp::create(builder, x, y, sum);
      }
  }
}

void SimtTile::store(ArrayRef<Value> sums) const {
  SmallVector<Int> starts;
  for (Int run : columns)
    starts.push_back(block.column + run);
  TileStore out(block, product.destination, starts, 4);
  int64_t width = 4 * columns.size();
  for (auto [run, row] : llvm::enumerate(rows))
    for (int64_t i = 0; i < 4; ++i)
      out.storeRow(block.row + row + i, sums.slice((4 * run + i) * width, width));
}

void dlc::cuda::expandSimt(const Product &product) {
  SimtTile tile(product);
  SmallVector<TileCopy, 2> copies = tile.makeCopies();
  int64_t sums = 16 * tile.rows.size() * tile.columns.size();
  tile.store(
      sumSteps(product.block, copies, tile.a.bytes() + tile.b.bytes(), sums,
               [&](Value stage, MutableArrayRef<Value> values) { tile.multiply(stage, values); }));
}
