//===- ExpandConv.cpp - direct convolution on blocked images ------------------------===//

#include "compiler/cpu/Columns.h"
#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "compiler/cpu/Prefetch.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

namespace {

// Emits one convolution. Loops, outside in: items, tiles of a row, input blocks, tap rows, tap
// columns, channels. Accumulators are loop-carried values all the way, so they stay in registers.
class ConvEmitter {
public:
  ConvEmitter(Emitter &e, kernel::ConvOp op, Value ahead, int64_t l2Bytes)
      : e(e), op(op), ahead(ahead), l2Bytes(l2Bytes), epilogue(op.getEpilogue(), op.getExtras()),
        weights(shapeOf(op.getWeights())), in(shapeOf(op.getInput())), out(shapeOf(op.getOut())),
        vertical(windowAlong(0, op, in, out, weights.drop_front(2))),
        horizontal(windowAlong(1, op, in, out, weights.drop_front(2))),
        runs(cutColumns(horizontal, op.getTile().getRows())) {
    steps = weights[1] * weights[2] * weights[3];
    panelLines = steps * weights[4] * weights[5] * weights[6] / Prefetch::kLineElements;
    weightsStream = !op.getRowsFirst() && weights[0] > 1 &&
                    weights[0] * panelLines * Prefetch::kLineBytes > l2Bytes / 2;
  }

  LogicalResult emit(Value lo, Value hi) {
    if (failed(epilogue.verify(op)))
      return failure();
    auto extents = op.getItemExtents(e.builder, e.loc);
    e.forItems(extents, lo, hi, [&](ValueRange outer, Value first, Value end) {
      image = outer[0];
      if (op.getRowsFirst())
        e.loop(first, end, 1, [&](Value item) { emitRows(item, outer[1], e.add(outer[1], 1)); });
      else
        emitRows(outer[1], first, end);
    });
    return success();
  }

  LogicalResult emitOneRow(Value ofImage, Value ofGroup, Value y, int64_t cols, ColumnRange columns,
                           PixelPlace place) {
    if (failed(epilogue.verify(op)))
      return failure();
    image = ofImage;
    outPlace = std::move(place);
    runs = cutColumns(horizontal, op.getTile().getRows(), columns.begin, columns.end);
    enterGroup(ofGroup);
    emitRow(y, cols);
    return success();
  }

private:
  Value outBlock(int64_t col) { return e.add(e.mul(group, weights[5]), col); }

  void enterGroup(Value item) {
    group = item;
    int64_t perGroup = weights[0] / op.getGroups();
    firstBlock = e.mul(e.div(group, perGroup), weights[1]);
  }

  // Rows [first, end) of one group of channels.
  void emitRows(Value item, Value first, Value end) {
    enterGroup(item);
    emitGroup(e, group, weights[0], out[1], weights[5],
              [&](int64_t cols) { e.loop(first, end, 1, [&](Value y) { emitRow(y, cols); }); });
  }

  void emitRow(Value y, int64_t cols) {
    auto [low, high] = emitTapBounds(e, vertical, y);
    Value top = e.mul(y, vertical.stride);
    for (const ColumnRun &run : runs)
      e.loop(e.index(run.begin), e.index(run.end), run.width, [&](Value x) {
        TileTarget target{
            op.getOut(),
            x,
            run.width,
            cols,
            [&](Value column, int64_t col) { return outPlace(image, outBlock(col), y, column); },
            [&](int64_t col) { return outBlock(col); }};
        Place place{top, e.mul(x, horizontal.stride), low, high, &run, cols};
        planPixels(e.add(x, run.width), y);
        planWeights(x, y, run.width);
        emitStores(e, emitTile(place, target), target, epilogue);
      });
  }

  // A tile's place in the image: row and column (plus padding) of its first pixel's first tap.
  struct Place {
    Value top, left, lowTap, highTap;
    const ColumnRun *run;
    int64_t cols;
  };

  Emitter::Values emitTile(const Place &place, const TileTarget &target) {
    Emitter::Values sums = emitBias(e, op.getBias(), place.run->width, place.cols, target.block);
    int64_t whole = op.getInChannels() / weights[4], rest = op.getInChannels() % weights[4];
    sums = e.loop(e.index(0), e.index(whole), 1, sums, [&](Value block, ValueRange carried) {
      return emitTapRows(place, block, weights[4], carried);
    });
    if (rest)
      sums = emitTapRows(place, e.index(whole), rest, sums);
    return sums;
  }

  Emitter::Values emitTapRows(const Place &place, Value block, int64_t channels, ValueRange sums) {
    return e.loop(place.lowTap, place.highTap, 1, sums, [&](Value tap, ValueRange carried) {
      Value row = e.sub(e.add(place.top, e.mul(tap, vertical.dilation)), e.index(vertical.before));
      return emitTapColumns(place, block, tap, row, channels, carried);
    });
  }

  // Runs of taps that reach the same pixels of the tile share a loop: straight code gains nothing,
  // takes long to compile and, where the channels are straight code too, keeps the broadcasts of
  // pixels that taps share in registers. Two taps around a loop over channels stay straight (see
  // emitReduction).
  Emitter::Values emitTapColumns(const Place &place, Value block, Value tapRow, Value row,
                                 int64_t channels, ValueRange sums) {
    const auto &taps = place.run->taps;
    Emitter::Values values(sums);
    for (int64_t first = 0, end; first < horizontal.taps; first = end) {
      end = first + 1;
      while (end < horizontal.taps && taps[end] == taps[first])
        ++end;
      if (end - first == 2 && channels > op.getTile().getUnroll())
        end = first + 1;
      if (!llvm::is_contained(taps[first], true))
        continue;
      values = e.loop(e.index(first), e.index(end), 1, values, [&](Value tap, ValueRange carried) {
        return emitChannels(place, block, tapRow, row, tap, taps[first], channels, carried);
      });
    }
    return values;
  }

  Emitter::Values emitChannels(const Place &place, Value block, Value tapRow, Value row, Value tap,
                               ArrayRef<bool> active, int64_t channels, ValueRange sums) {
    Value left = e.add(place.left, e.mul(tap, horizontal.dilation));
    Value inBlock = e.add(firstBlock, block);
    Value stepIndex = e.add(e.mul(e.add(e.mul(block, weights[2]), tapRow), weights[3]), tap);
    for (Prefetch &weights : prefetches)
      weights.step(stepIndex);
    auto step = [&](ValueRange carried, Value channel) {
      if (nextPixel)
        e.prefetch(flatInput, {image, inBlock, e.add(nextPixel, channel), e.index(0)});
      auto weight = [&](int64_t col) {
        return e.load(op.getWeights(),
                      {group, block, tapRow, tap, channel, e.index(col), e.index(0)});
      };
      auto pixel = [&](int64_t m) {
        Value column = e.add(left, m * horizontal.stride - horizontal.before);
        return e.loadSplat(op.getInput(), {image, inBlock, row, column, channel});
      };
      return emitMac(e, carried, place.cols, active, weight, pixel);
    };
    return emitReduction(e, sums, channels, op.getTile().getUnroll(), step);
  }

  // A 1x1 convolution reads an image that no near cache holds once and does little with it. While
  // it works on a block of one tile, a pixel a channel, it asks for that block of the next tile.
  void planPixels(Value column, Value y) {
    bool oneToOne = vertical.isOneToOne() && horizontal.isOneToOne();
    if (!op.getRowsFirst() || !oneToOne || in[2] * in[3] < weights[4])
      return;
    SmallVector<ReassociationIndices> plane = {{0}, {1}, {2, 3}, {4}};
    flatInput = memref::CollapseShapeOp::create(e.builder, e.loc, op.getInput(), plane);
    nextPixel = e.min(e.add(e.mul(y, in[3]), column), e.index(in[2] * in[3] - weights[4]));
  }

  // The tiles of a group ask for the panel of the next one, and the whole kernel for what the next
  // kernel reads first.
  void planWeights(Value x, Value y, int64_t width) {
    prefetches.clear();
    int64_t plane = out[2] * out[3];
    if (weightsStream) {
      SmallVector<ReassociationIndices> all = {{0, 1, 2, 3, 4, 5, 6}};
      Value flat = memref::CollapseShapeOp::create(e.builder, e.loc, op.getWeights(), all);
      Value next = e.min(e.add(group, 1), e.index(weights[0] - 1));
      prefetches.emplace_back(e, flat, e.mul(next, panelLines), e.index(panelLines), panelLines,
                              plane);
      prefetches.back().begin(e.add(e.mul(y, out[3]), x), width, steps);
    }
    if (!ahead)
      return;
    Value row =
        op.getRowsFirst() ? e.add(e.mul(y, weights[0]), group) : e.add(e.mul(group, out[2]), y);
    prefetches.emplace_back(e, ahead, l2Bytes / 2, weights[0] * plane);
    prefetches.back().begin(e.add(e.mul(row, out[3]), x), width, steps);
  }

  Emitter &e;
  kernel::ConvOp op;
  Value ahead; // what the next kernel reads first, or null
  int64_t l2Bytes;
  Epilogue epilogue;
  ArrayRef<int64_t> weights, in, out;
  Window1D vertical, horizontal;
  SmallVector<ColumnRun> runs;
  Value image, group, firstBlock;
  PixelPlace outPlace = inImage(e);
  int64_t steps;      // of the reduction: blocks of channels and taps
  int64_t panelLines; // of the weights of one group
  bool weightsStream; // no near cache keeps them from call to call
  // What to prefetch; none: nothing.
  SmallVector<Prefetch, 2> prefetches;
  Value flatInput, nextPixel;
};

} // namespace

LogicalResult dlc::cpu::expandConv(Emitter &e, kernel::ConvOp op, Value ahead, Value lo, Value hi,
                                   int64_t l2Bytes) {
  return ConvEmitter(e, op, ahead, l2Bytes).emit(lo, hi);
}

LogicalResult dlc::cpu::emitConvRow(Emitter &e, kernel::ConvOp op, Value ahead, int64_t l2Bytes,
                                    Value image, Value group, Value y, int64_t cols,
                                    ColumnRange columns, PixelPlace place) {
  return ConvEmitter(e, op, ahead, l2Bytes)
      .emitOneRow(image, group, y, cols, columns, std::move(place));
}
