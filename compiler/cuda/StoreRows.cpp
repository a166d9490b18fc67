//===- StoreRows.cpp - the epilogue of a product, by rows ---------------------------===//
//
// A fragment's layout gives a warp's access 8 rows of 32 bytes of float32, or of half that of
// bfloat16: sectors that are written by halves. By way of shared memory, 32 columns at a time, it
// has as many lanes to a row as the row's accesses are:
//
//   each lane reads its elements of the extras
//   each lane puts its 2 x 2 sums of every 8 columns     8 rows at once, no two in a bank
//   __syncwarp
//   each lane takes `width` neighbours of some rows      32 / width lanes a row
//   maps and stores them
//
//===--------------------------------------------------------------------------------===//

#include "compiler/cuda/StoreRows.h"
#include "compiler/cuda/Instructions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

// Of what lies in shared memory at once. Rows are 8 elements longer: their pairs, of 8 bytes, are
// written by half a warp at a time, which has 4 rows of 8 elements in 32 banks then.
static constexpr int64_t kRows = 16, kColumns = 32, kStride = kColumns + 8;
static_assert(kRows * kStride * 4 == kernel::kWarpStoreBytes);

static bool isVector(const GlobalBuffer &extra) { return extra.shape.size() == 1; }

RowStore::RowStore(ImplicitLocOpBuilder &builder, const Destination &destination, Value shared,
                   Int lane, Int rows, Int columns)
    : b(builder), destination(destination), shared(shared), lane(lane), rows(rows),
      columns(columns) {
  width = commonVector({*columns.number(), destination.out.alignment});
}

// A lane's elements of a row, in as many accesses as they take.
SmallVector<Value> RowStore::load(const GlobalBuffer &extra, Int offset) const {
  int64_t piece = commonVector({width, extra.alignment});
  SmallVector<Value> elements;
  for (int64_t i = 0; i < width; i += piece)
    llvm::append_range(elements, loadElements(b, extra.element, extra.at(offset, i), piece));
  return elements;
}

// A lane has every width-th row. What lies past the last one is read as the first is.
SmallVector<RowStore::Row> RowStore::rowsOf(const Place &place) const {
  SmallVector<Row> lines;
  for (int64_t i = 0; i < kRows; i += width) {
    Int row = place.row + lane / (kColumns / width) + i;
    Value inside = mayEndInside(rows, place.height) ? row.below(rows) : Value();
    Row line{inside, Rows(destination.out).offset(row) + place.part * rows * columns, {}};
    Int existing = inside ? row.where(inside, 0) : row;
    for (const GlobalBuffer &extra : destination.extras)
      line.extras.push_back(isVector(extra) ? existing.constant(0) : Rows(extra).offset(existing));
    lines.push_back(line);
  }
  return lines;
}

Value RowStore::at(Int offset, int64_t more) const {
  Value place =
      LLVM::GEPOp::create(b, shared.getType(), b.getF32Type(), shared, ValueRange{offset.value});
  return LLVM::GEPOp::create(b, shared.getType(), b.getF32Type(), place,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(more)});
}

void RowStore::exchange(ArrayRef<Value> sums) const {
  Int start = lane / 4 * kStride + lane % 4 * 2;
  for (size_t pair = 0; pair < sums.size() / 2; ++pair)
    storeElements(b, b.getF32Type(), at(start, pair / 2 * 8 + pair % 2 * 8 * kStride),
                  sums.slice(2 * pair, 2));
}

void RowStore::storeColumns(const Place &place, ArrayRef<Row> lines, int64_t first,
                            ArrayRef<Value> sums, bool isFree) const {
  int64_t lanes = kColumns / width, own = 2 * sums.size();
  Int along = lane % lanes * width, column = place.column + first + along;
  Int start = lane / lanes * kStride + along;
  Value inColumns = own < kColumns ? along.below(own) : Value();
  if (mayEndInside(columns, place.width))
    inColumns = both(b, inColumns, column.below(columns));
  Int existing = inColumns ? column.where(inColumns, 0) : column;
  // Reads are under way before the first sum is needed.
  SmallVector<SmallVector<SmallVector<Value>>> extras(lines.size());
  for (auto [index, extra] : llvm::enumerate(destination.extras))
    for (auto [line, read] : llvm::zip(lines, extras))
      read.push_back(isVector(extra) && &read != &extras.front()
                         ? extras.front()[index]
                         : load(extra, line.extras[index] + existing));
  if (!isFree)
    syncWarp(b);
  exchange(sums);
  syncWarp(b);
  for (auto [i, line] : llvm::enumerate(lines)) {
    SmallVector<Value> elements;
    for (int64_t more = 0; more < width; more += 4)
      llvm::append_range(elements,
                         loadElements(b, b.getF32Type(), at(start, i * width * kStride + more),
                                      std::min<int64_t>(width, 4)));
    SmallVector<Value> results;
    for (int64_t e = 0; e < width; ++e) {
      SmallVector<Value> arguments = {elements[e]};
      for (ArrayRef<Value> extra : extras[i])
        arguments.push_back(extra[e]);
      results.push_back(destination.map(b, arguments));
    }
    onlyWhere(b, both(b, line.inside, inColumns), [&] {
      storeElements(b, destination.out.element, destination.out.at(line.out + column), results);
    });
  }
}

void RowStore::store(const Place &place, ArrayRef<Value> sums, bool isFree) const {
  SmallVector<Row> lines = rowsOf(place);
  int64_t width = 2 * sums.size();
  for (int64_t first = 0; first < width; first += kColumns)
    storeColumns(place, lines, first, sums.slice(first / 2, std::min(kColumns, width - first) / 2),
                 isFree && first == 0);
}
