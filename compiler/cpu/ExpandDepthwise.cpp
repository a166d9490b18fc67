//===- ExpandDepthwise.cpp - depthwise convolution on blocked images ----------------===//

#include "compiler/cpu/Columns.h"
#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <map>

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

namespace {

// Whole windows with at most this many taps are unrolled along y too: their weights stay in
// registers for all rows of a channel block.
constexpr int64_t kMaxUnrolledTaps = 9;

class DepthwiseEmitter {
public:
  DepthwiseEmitter(Emitter &e, kernel::DepthwiseOp op)
      : e(e), op(op), epilogue(op.getEpilogue(), op.getExtras()), weights(shapeOf(op.getWeights())),
        in(shapeOf(op.getInput())), out(shapeOf(op.getOut())),
        vertical(windowAlong(0, op, in, out, weights.drop_front())),
        horizontal(windowAlong(1, op, in, out, weights.drop_front())),
        runs(cutColumns(horizontal, op.getTile().getRows())) {}

  LogicalResult emit(Value lo, Value hi) {
    if (failed(epilogue.verify(op)))
      return failure();
    auto extents = op.getItemExtents(e.builder, e.loc);
    e.forItems(extents, lo, hi, [&](ValueRange outer, Value first, Value end) {
      image = outer[0];
      block = outer[1];
      emitRows(first, end);
    });
    return success();
  }

  LogicalResult emitPart(Value ofImage, Value ofBlock, Value first, Value end, ColumnRange columns,
                         PixelPlace place) {
    if (failed(epilogue.verify(op)))
      return failure();
    image = ofImage;
    block = ofBlock;
    inPlace = std::move(place);
    runs = cutColumns(horizontal, op.getTile().getRows(), columns.begin, columns.end);
    return emitRows(first, end), success();
  }

private:
  void emitRows(Value first, Value end) {
    if (weights[1] * weights[2] > kMaxUnrolledTaps)
      return emitRows(first, end, /*whole=*/false);
    // Rows that touch padding keep a loop over their taps.
    auto [top, bottom] = wholeWindows(vertical);
    Value wholeFirst = e.max(first, e.index(top)), wholeEnd = e.min(end, e.index(bottom));
    if (top > 0)
      emitRows(first, e.min(end, e.index(top)), /*whole=*/false);
    emitRows(top > 0 ? wholeFirst : first, bottom < out[2] ? wholeEnd : end, /*whole=*/true);
    if (bottom < out[2])
      emitRows(e.max(first, e.index(bottom)), end, /*whole=*/false);
  }

  void emitRows(Value first, Value end, bool whole) {
    e.loop(first, end, 1, [&](Value y) {
      std::pair<Value, Value> taps = {e.index(0), e.index(weights[1])};
      if (!whole)
        taps = emitTapBounds(e, vertical, y);
      for (const ColumnRun &run : runs)
        e.loop(e.index(run.begin), e.index(run.end), run.width,
               [&](Value x) { emitTile(run, y, x, taps, whole); });
    });
  }

  void emitTile(const ColumnRun &run, Value y, Value x, std::pair<Value, Value> taps, bool whole) {
    TileTarget target{
        op.getOut(),
        x,
        run.width,
        1,
        [&](Value column, int64_t) { return Emitter::Values{image, block, y, column, e.index(0)}; },
        [&](int64_t) { return block; }};
    Emitter::Values sums = emitBias(e, op.getBias(), run.width, 1, target.block);
    Value top = e.sub(e.mul(y, vertical.stride), e.index(vertical.before));
    if (whole) {
      for (int64_t tap = 0; tap < weights[1]; ++tap)
        sums = emitTapRow(run, e.index(tap), e.add(top, tap * vertical.dilation), x, sums);
    } else {
      sums = e.loop(taps.first, taps.second, 1, sums, [&](Value tap, ValueRange carried) {
        return emitTapRow(run, tap, e.add(top, e.mul(tap, vertical.dilation)), x, carried);
      });
    }
    emitStores(e, sums, target, epilogue);
  }

  // One row of taps: each pixel is loaded once and goes to every output of the tile that needs it.
  Emitter::Values emitTapRow(const ColumnRun &run, Value tapRow, Value row, Value x,
                             ValueRange carried) {
    Emitter::Values sums(carried), columns;
    std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> uses; // position -> (output, tap)
    for (int64_t tap = 0; tap < weights[2]; ++tap) {
      columns.push_back(e.load(op.getWeights(), {block, tapRow, e.index(tap), e.index(0)}));
      for (int64_t m = 0; m < run.width; ++m)
        if (run.taps[tap][m])
          uses[horizontal.position(m, tap)].push_back({m, tap});
    }
    Value left = e.mul(x, horizontal.stride);
    for (const auto &[position, pairs] : uses) {
      Value pixel = e.load(op.getInput(), inPlace(image, block, row, e.add(left, position)));
      for (auto [m, tap] : pairs)
        sums[m] = vector::FMAOp::create(e.builder, e.loc, pixel, columns[tap], sums[m]);
    }
    return sums;
  }

  Emitter &e;
  kernel::DepthwiseOp op;
  Epilogue epilogue;
  ArrayRef<int64_t> weights, in, out;
  Window1D vertical, horizontal;
  SmallVector<ColumnRun> runs;
  Value image, block;
  PixelPlace inPlace = inImage(e);
};

} // namespace

LogicalResult dlc::cpu::expandDepthwise(Emitter &e, kernel::DepthwiseOp op, Value lo, Value hi) {
  return DepthwiseEmitter(e, op).emit(lo, hi);
}

LogicalResult dlc::cpu::emitDepthwiseRows(Emitter &e, kernel::DepthwiseOp op, Value image,
                                          Value block, Value first, Value end, ColumnRange columns,
                                          PixelPlace place) {
  return DepthwiseEmitter(e, op).emitPart(image, block, first, end, columns, std::move(place));
}
