//===- StoreTile.cpp - the epilogue of a product ------------------------------------===//
//
// Elements leave the registers in accesses of as many neighbours as all buffers are aligned for.
// What lies past the last row or column is neither read nor written. Vectors along the columns,
// such as a bias, are read once for all rows of a thread.
//
//===--------------------------------------------------------------------------------===//

#include "compiler/cuda/StoreTile.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

static bool isVector(const GlobalBuffer &extra) { return extra.shape.size() == 1; }

TileStore::TileStore(const ThreadBlock &block, const Destination &destination,
                     ArrayRef<Int> columns, int64_t length)
    : block(block), destination(destination), columns(columns), length(length) {
  SmallVector<int64_t> limits = {length, *block.columns.number(), destination.out.alignment};
  for (const GlobalBuffer &extra : destination.extras)
    limits.push_back(extra.alignment);
  width = commonVector(limits);
  for (const GlobalBuffer &extra : destination.extras) {
    SmallVector<Value> &elements = vectors.emplace_back();
    for (Int run : isVector(extra) ? columns : ArrayRef<Int>())
      for (int64_t i = 0; i < length; i += width) {
        Value inside = inColumns(run + i);
        Int column = inside ? (run + i).where(inside, 0) : run + i;
        llvm::append_range(elements,
                           loadElements(block.builder, extra.element, extra.at(column), width));
      }
  }
}

Value TileStore::inColumns(Int column) const {
  return mayEndInside(block.columns, block.cta.getN()) ? column.below(block.columns) : Value();
}

// Parts follow one another.
void TileStore::storeRow(Int row, ArrayRef<Value> sums) {
  Value inside;
  if (mayEndInside(block.rows, block.cta.getM()))
    inside = row.below(block.rows);
  onlyWhere(block.builder, inside, [&] {
    Int start = Rows(destination.out).offset(row) + block.part * block.rows * block.columns;
    SmallVector<Int> images;
    for (const GlobalBuffer &extra : destination.extras)
      images.push_back(isVector(extra) ? start : Rows(extra).offset(row));
    for (size_t run = 0; run < columns.size(); ++run)
      for (int64_t i = 0; i < length; i += width)
        storePiece(start, images, run * length + i, columns[run] + i, sums);
  });
}

// `first` of the row's sums, and as many as one access takes.
void TileStore::storePiece(Int start, ArrayRef<Int> images, int64_t first, Int column,
                           ArrayRef<Value> sums) {
  ImplicitLocOpBuilder &b = block.builder;
  onlyWhere(b, inColumns(column), [&] {
    SmallVector<SmallVector<Value>> extras;
    for (auto [index, extra] : llvm::enumerate(destination.extras))
      extras.push_back(
          isVector(extra)
              ? SmallVector<Value>(ArrayRef(vectors[index]).slice(first, width))
              : loadElements(b, extra.element, extra.at(images[index] + column), width));
    SmallVector<Value> results;
    for (int64_t i = 0; i < width; ++i) {
      SmallVector<Value> elements = {sums[first + i]};
      for (ArrayRef<Value> extra : extras)
        elements.push_back(extra[i]);
      results.push_back(destination.map(b, elements));
    }
    storeElements(b, destination.out.element, destination.out.at(start + column), results);
  });
}

Value Destination::map(ImplicitLocOpBuilder &builder, ArrayRef<Value> elements) const {
  if (!epilogue)
    return elements.front();
  IRMapping mapping;
  Block &body = epilogue->front();
  mapping.map(body.getArguments(), ValueRange(elements));
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}
