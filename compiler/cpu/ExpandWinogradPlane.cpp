//===- ExpandWinogradPlane.cpp - Winograd convolutions of one channel ---------------===//
//
// For each row of tiles of an image:
//
//   rows    = the rows of the image that it reads, zero where they lie outside
//   patches = pixel (y, x) of each tile, L tiles side by side in the lanes
//   V       = input transform of the patches, in the scratch memory like both above
//   for each block of output channels and each tile:  output transform of V . U
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/WinogradParts.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;
using Values = Emitter::Values;

namespace {

class PlaneEmitter {
public:
  PlaneEmitter(Emitter &e, kernel::WinogradPlaneOp op, Value scratch)
      : e(e), op(op), form(op.getForm()), epilogue(op.getEpilogue(), op.getExtras()),
        output(e, op.getOut(), form, op.getPool(), epilogue) {
    SmallVector<ReassociationIndices> dims = {{0, 1}, {2}, {3, 4}};
    images = memref::CollapseShapeOp::create(e.builder, e.loc, op.getInput(), dims);
    int64_t offset = 0;
    for (auto [shape, view] : llvm::zip_equal(op.getScratchShapes(),
                                              ArrayRef<Value *>{&rows, &patches, &points, &half})) {
      *view = e.viewScratch(scratch, offset, shape);
      offset += 4 * ShapedType::getNumElements(shape);
    }
  }

  LogicalResult emit(Value lo, Value hi) {
    if (failed(epilogue.verify(op)))
      return failure();
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value from, Value end) {
                 e.loop(from, end, 1, [&](Value row) { emitRow(outer[0], row); });
               });
    return success();
  }

private:
  void emitRow(Value image, Value row) {
    copyRows(image, row);
    int64_t columns = op.getTileColumns();
    e.loop(e.index(0), e.index(columns), e.lanes, [&](Value first) {
      spreadPatches(first);
      emitPoints(first);
    });
    e.loop(e.index(0), e.index(shapeOf(op.getOut())[1]), 1, [&](Value block) {
      Value bias = e.load(op.getBias(), {block, e.index(0)}), zero = e.index(0);
      output.emit(
          {image, e.mul(row, form.tile), zero, e.index(columns), zero, zero},
          [&](Value tile, WinogradOutputTiles::TakeRow take) {
            transformColumns(block, tile);
            transformRows(bias, take);
          },
          block);
    });
  }

  // In a loop: side by side, the products of all columns are more than there are registers.
  void transformColumns(Value block, Value tile) {
    Value zero = e.index(0);
    e.loop(zero, e.index(form.side()), 1, [&](Value x) {
      auto product = [&](int64_t y) -> Value {
        Value point = e.add(x, y * form.side());
        return arith::MulFOp::create(e.builder, e.loc, e.loadSplat(points, {point, tile}),
                                     e.load(op.getWeights(), {point, block, zero, zero, zero}));
      };
      for (auto [y, value] : llvm::enumerate(emitOutputLine(e, form, product)))
        e.store(value, half, {x, e.index(y), zero});
    });
  }

  void transformRows(Value bias, WinogradOutputTiles::TakeRow take) {
    for (int64_t y = 0; y < form.tile; ++y)
      take(y, emitOutputLine(e, form, [&](int64_t x) -> Value {
             Value value = e.load(half, {e.index(x), e.index(y), e.index(0)});
             // The point 1 counts once in every output.
             return x == 1 ? arith::AddFOp::create(e.builder, e.loc, value, bias) : value;
           }));
  }

  void copyRows(Value image, Value row) {
    ArrayRef<int64_t> in = shapeOf(op.getInput()), padding = op.getPadding();
    Value top = e.sub(e.mul(row, form.tile), e.index(padding[0])), zero = e.index(0);
    e.loop(zero, e.index(form.side()), 1, [&](Value y) {
      e.loop(zero, e.index(shapeOf(rows)[1]), e.lanes,
             [&](Value x) { e.store(e.splat(0), rows, {y, x}); });
      Value at = e.add(top, y);
      auto copy = [&](Value x) {
        e.store(e.load(images, {image, at, x}), rows, {y, e.add(x, padding[2])});
      };
      auto copyRow = [&] {
        e.loop(zero, e.index(in[3] / e.lanes * e.lanes), e.lanes, copy);
        if (in[3] % e.lanes)
          copy(e.index(in[3] - e.lanes));
      };
      e.branch(e.isWithin(at, in[2]), copyRow, [] {});
    });
  }

  // Tile t reads columns m t, m t + 1, ...: every m-th column of a row is one lane further.
  void spreadPatches(Value firstTile) {
    Value left = e.mul(firstTile, form.tile);
    e.loop(e.index(0), e.index(form.side()), 1, [&](Value y) {
      for (int64_t x = 0; x < form.side(); x += form.tile) {
        auto type = VectorType::get(form.tile * e.lanes, e.builder.getF32Type());
        Value pixels =
            vector::LoadOp::create(e.builder, e.loc, type, rows, ValueRange{y, e.add(left, x)});
        for (auto [i, column] : llvm::enumerate(everyNth(pixels, form.tile)))
          if (x + int64_t(i) < form.side())
            e.store(column, patches, {y, e.index(x + i), e.index(0)});
      }
    });
  }

  void emitPoints(Value firstTile) {
    auto column = [&](int64_t part, int64_t x) {
      return emitInputColumn(e, form, part, [&](int64_t y) {
        return e.load(patches, {e.index(y), e.index(x), e.index(0)});
      });
    };
    for (int64_t part = 0; part < inputParts(form, form.side()); ++part) {
      SmallVector<Values> columns;
      for (int64_t x = 0; x < form.side(); ++x)
        columns.push_back(column(part, x));
      int64_t point = firstInputRow(form, part) * form.side();
      for (const Values &row : emitInputRows(e, form, columns))
        for (Value value : row)
          e.store(value, points, {e.index(point++), firstTile});
    }
  }

  // Elements 0, n, 2 n ..., then 1, n + 1 ... of a vector; n is a power of two.
  Values everyNth(Value vector, int64_t n) {
    if (n == 1)
      return {vector};
    auto halves = vector::DeinterleaveOp::create(e.builder, e.loc, vector);
    Values even = everyNth(halves.getRes1(), n / 2), odd = everyNth(halves.getRes2(), n / 2), all;
    for (auto [a, b] : llvm::zip_equal(even, odd))
      all.append({a, b});
    return all;
  }

  Emitter &e;
  kernel::WinogradPlaneOp op;
  kernel::WinogradForm form;
  Epilogue epilogue;
  WinogradOutputTiles output;
  Value images, rows, patches, points, half;
};

} // namespace

LogicalResult dlc::cpu::expandWinogradPlane(Emitter &e, kernel::WinogradPlaneOp op, Value scratch,
                                            Value lo, Value hi) {
  return PlaneEmitter(e, op, scratch).emit(lo, hi);
}
