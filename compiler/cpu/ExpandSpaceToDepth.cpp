//===- ExpandSpaceToDepth.cpp - squares of pixels as channels -----------------------===//
//
// The channels of a square lie in memory as one run for each of its rows. Each vector is put
// together from the runs that reach into it, one masked load each, whose lanes are where they are
// to be. Squares that reach past the image are those of the first and last row and column, of which
// all is known now.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/Expand.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

namespace {

// What of a square lies in the image, along one dimension.
struct Part {
  int64_t first, end;
};

// The squares along one dimension.
struct Line {
  int64_t extent, shift, stride, count;

  Part partOf(int64_t square) const {
    int64_t start = square * stride - shift;
    return {std::max<int64_t>(-start, 0), std::min(stride, extent - start)};
  }
  bool isWhole(int64_t square) const {
    Part part = partOf(square);
    return part.end - part.first == stride;
  }
};

class Squares {
public:
  Squares(Emitter &e, kernel::SpaceToDepthOp op)
      : e(e), in(op.getInput()), out(op.getOut()), stride(op.getStride()), channels(shapeOf(in)[3]),
        rows(lineOf(op, 0)), columns(lineOf(op, 1)),
        joined(cast<MemRefType>(in.getType()).areTrailingDimsContiguous(2)) {}

  void emit(ArrayRef<OpFoldResult> extents, Value lo, Value hi) {
    e.forItems(extents, lo, hi, [&](ValueRange outer, Value first, Value end) {
      image = outer[0];
      e.loop(first, end, 1,
             [&](Value row) { forLine(rows, row, [&](Part part) { emitRow(row, part); }); });
    });
  }

private:
  // Neighbours in memory, from tap (row, column) of a square on.
  struct Run {
    int64_t row, column, length;
  };

  static Line lineOf(kernel::SpaceToDepthOp op, unsigned dim) {
    return {shapeOf(op.getInput())[1 + dim], op.getShift()[dim], int64_t(op.getStride()),
            shapeOf(op.getOut())[2 + dim]};
  }

  // `body` for the part of square `at`, which is known but for its place among the whole ones.
  void forLine(const Line &line, Value at, function_ref<void(Part)> body) {
    int64_t last = line.count - 1;
    auto whole = [&] { body({0, stride}); };
    auto beforeLast = [&] {
      if (last == 0 || line.isWhole(last))
        return whole();
      e.branch(e.lessThan(at, e.index(last)), whole, [&] { body(line.partOf(last)); });
    };
    if (line.isWhole(0))
      return beforeLast();
    e.branch(e.lessThan(at, e.index(1)), [&] { body(line.partOf(0)); }, beforeLast);
  }

  void emitRow(Value row, Part part) {
    int64_t first = columns.isWhole(0) ? 0 : 1, last = columns.count - 1;
    int64_t end = last < first || columns.isWhole(last) ? columns.count : last;
    if (first == 1)
      emitSquare(row, e.index(0), part, columns.partOf(0));
    e.loop(e.index(first), e.index(end), 1,
           [&](Value column) { emitSquare(row, column, part, {0, stride}); });
    if (end == last)
      emitSquare(row, e.index(last), part, columns.partOf(last));
  }

  void emitSquare(Value row, Value column, Part down, Part right) {
    SmallVector<Run> runs;
    for (int64_t y = down.first; y < down.end; ++y)
      if (joined)
        runs.push_back({y, right.first, (right.end - right.first) * channels});
      else
        for (int64_t x = right.first; x < right.end; ++x)
          runs.push_back({y, x, channels});
    for (int64_t block = 0; block < shapeOf(out)[1]; ++block) {
      Value vector = e.splat(0);
      for (const Run &run : runs)
        vector = emitLanes(vector, run, block * e.lanes, row, column);
      e.store(vector, out, {image, e.index(block), row, column, e.index(0)});
    }
  }

  // `vector`, which holds the channels from `base` on, with those of the run.
  Value emitLanes(Value vector, const Run &run, int64_t base, Value row, Value column) {
    int64_t start = (run.row * stride + run.column) * channels - base;
    int64_t first = std::max<int64_t>(start, 0), end = std::min(start + run.length, e.lanes);
    if (first >= end)
      return vector;
    // Lane 0 reads the run's element -start, which may lie before the pixel or after it.
    Values at = {image, e.add(e.mul(row, stride), run.row - rows.shift),
                 e.add(e.mul(column, stride), run.column - columns.shift), e.index(-start)};
    if (end - first == e.lanes)
      return e.load(in, at);
    return vector::MaskedLoadOp::create(e.builder, e.loc, e.vectorType(), in, at,
                                        e.lanesBetween(first, end), vector);
  }

  using Values = Emitter::Values;

  Emitter &e;
  Value in, out, image;
  int64_t stride, channels;
  Line rows, columns;
  bool joined; // the pixels of a row follow one another in memory
};

} // namespace

void dlc::cpu::expandSpaceToDepth(Emitter &e, kernel::SpaceToDepthOp op, Value lo, Value hi) {
  Squares(e, op).emit(op.getItemExtents(e.builder, e.loc), lo, hi);
}
