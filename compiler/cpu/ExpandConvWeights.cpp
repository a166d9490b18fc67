//===- ExpandConvWeights.cpp - the gradient of a convolution's kernel ---------------===//
//
// The micro-kernel of the forward direction with the pixels as its depth: a tile of channels (for
// each tap of a row, where there are few of them) times vectors of filters, one multiply-add for
// each pixel. All tiles of an item read a block of pixels, which stays in the near caches, before
// any reads the next; between blocks their sums are in `out`.
//
//===------------------------------------------------------------------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "compiler/cpu/Windows.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

namespace {

// Enough to hide the loads and stores of a tile's sums; a block of one channel block and two blocks
// of filters is then 48 KB on 16 lanes.
constexpr int64_t kBlockPixels = 256;

struct Span {
  Value begin, end;
  Span() = default;
  Span(Value begin, Value end) : begin(begin), end(end) {}
  Span(std::pair<Value, Value> bounds) : begin(bounds.first), end(bounds.second) {}
};

class WeightsEmitter {
public:
  WeightsEmitter(Emitter &e, kernel::ConvWeightsOp op)
      : e(e), op(op), in(shapeOf(op.getInput())), g(shapeOf(op.getGradient())),
        k(op.getKernelShape()), rows(windowAlong(0, op, in, g, k)),
        columns(windowAlong(1, op, in, g, k)), tileRows(op.getTile().getRows()) {
    int64_t plane = g[2] * g[3];
    blockImages = std::max<int64_t>(kBlockPixels / plane, 1);
    blockRows =
        blockImages > 1 ? g[2] : std::min(llvm::divideCeil(kBlockPixels, g[3]), uint64_t(g[2]));
  }

  void emit(Value lo, Value hi) {
    auto extents = op.getItemExtents(e.builder, e.loc);
    e.forItems(extents, lo, hi, [&](ValueRange outer, Value first, Value end) {
      setPart(outer[0]);
      group = outer[1];
      int64_t blocks = g[1], cols = op.getTile().getCols();
      emitGroup(e, group, llvm::divideCeil(blocks, cols), blocks, cols,
                [&](int64_t active) { emitChannels(outer[2], active, first, end); });
    });
  }

private:
  void setPart(Value item) {
    part = item;
    Value count = e.batchOf(op.getInput());
    int64_t parts = op.getParts();
    images = {e.div(e.mul(part, count), parts), e.div(e.mul(e.add(part, 1), count), parts)};
  }

  // Rows of taps [first, end) of one range of channels; the last range may be shorter.
  void emitChannels(Value item, int64_t cols, Value first, Value end) {
    int64_t size = op.getChannels(), ranges = llvm::divideCeil(k[2], size);
    int64_t last = k[2] - (ranges - 1) * size;
    firstChannel = e.mul(item, size);
    int64_t perGroup = g[1] / op.getGroups() / op.getTile().getCols();
    Value inGroup =
        op.getGroups() == 1 ? e.index(0) : e.mul(e.div(group, perGroup), in[1] / op.getGroups());
    inBlock = e.add(inGroup, e.div(firstChannel, in[4]));
    inLane = e.rem(firstChannel, e.index(in[4]));
    auto body = [&](int64_t channels) {
      e.loop(first, end, 1, [&](Value tap) { emitTapRow(tap, channels, cols); });
    };
    if (last == size)
      return body(size);
    e.branch(e.lessThan(item, e.index(ranges - 1)), [&] { body(size); }, [&] { body(last); });
  }

  void emitTapRow(Value tap, int64_t channels, int64_t cols) {
    tapRow = tap;
    e.loop(e.index(0), e.index(k[1]), 1, [&](Value column) {
      e.loop(e.index(0), e.index(channels), 1, [&](Value channel) {
        for (int64_t j = 0; j < cols; ++j)
          storeSums(e.splat(0), column, e.add(firstChannel, channel), j);
      });
    });
    Span height = emitWindowBounds(e, rows, tap);
    e.loop(images.begin, images.end, blockImages, [&](Value image) {
      Span some{image, e.min(e.add(image, blockImages), images.end)};
      if (blockRows == g[2])
        return emitBlock(some, height, channels, cols);
      e.loop(height.begin, height.end, blockRows, [&](Value row) {
        emitBlock(some, {row, e.min(e.add(row, blockRows), height.end)}, channels, cols);
      });
    });
  }

  // All tiles of the item, of some images and output rows.
  void emitBlock(Span some, Span height, int64_t channels, int64_t cols) {
    auto tiles = [&](Value tap, Span width) {
      int64_t whole = channels / tileRows * tileRows, rest = channels - whole;
      e.loop(e.index(0), e.index(whole), tileRows,
             [&](Value channel) { emitTile(some, height, width, tap, channel, tileRows, cols); });
      if (rest)
        emitTile(some, height, width, tap, e.index(whole), rest, cols);
    };
    if (op.getWholeRows())
      return tiles(e.index(0), {});
    e.loop(e.index(0), e.index(k[1]), 1,
           [&](Value tap) { tiles(tap, emitWindowBounds(e, columns, tap)); });
  }

  int64_t tapsOfTile() { return op.getWholeRows() ? k[1] : 1; }

  void emitTile(Span some, Span height, Span width, Value tap, Value channel, int64_t channels,
                int64_t cols) {
    Emitter::Values sums;
    forSums(tap, channel, channels, cols,
            [&](Value column, Value at, int64_t j) { sums.push_back(loadSums(column, at, j)); });
    sums = e.loop(some.begin, some.end, 1, sums, [&](Value image, ValueRange carried) {
      return e.loop(height.begin, height.end, 1, carried, [&](Value y, ValueRange inner) {
        Value row =
            e.sub(e.add(e.mul(y, rows.stride), e.mul(tapRow, rows.dilation)), e.index(rows.before));
        Pixels pixels{image, y, row, tap, e.add(inLane, channel), channels, cols};
        return op.getWholeRows() ? emitWholeRow(pixels, inner)
                                 : emitPixels(pixels, width, ArrayRef(true), inner);
      });
    });
    const Value *next = sums.begin();
    forSums(tap, channel, channels, cols,
            [&](Value column, Value at, int64_t j) { storeSums(*next++, column, at, j); });
  }

  // An output row, the image's row under it, the first tap and channel of the tile.
  struct Pixels {
    Value image, y, row, tap, lane;
    int64_t channels, cols;
  };

  // Output pixels at the edges, where some taps read padding, one by one.
  Emitter::Values emitWholeRow(const Pixels &pixels, ValueRange sums) {
    auto [first, end] = wholeWindows(columns);
    Emitter::Values values(sums);
    auto edge = [&](int64_t x) {
      SmallVector<bool> active;
      for (int64_t tap = 0; tap < k[1]; ++tap)
        active.push_back(columns.inside(x, tap));
      if (llvm::is_contained(active, true))
        values = emitPixels(pixels, {e.index(x), e.index(x + 1)}, active, values);
    };
    for (int64_t x = 0; x < first; ++x)
      edge(x);
    if (first < end)
      values =
          emitPixels(pixels, {e.index(first), e.index(end)}, SmallVector<bool>(k[1], true), values);
    for (int64_t x = end; x < columns.output; ++x)
      edge(x);
    return values;
  }

  // One multiply-add of the tile for each output pixel of `width`.
  Emitter::Values emitPixels(const Pixels &pixels, Span width, ArrayRef<bool> taps,
                             ValueRange sums) {
    SmallVector<bool> active;
    for (bool tap : taps)
      active.append(pixels.channels, tap);
    return e.loop(width.begin, width.end, 1, sums, [&](Value x, ValueRange carried) {
      Value left = e.add(e.mul(x, columns.stride), e.mul(pixels.tap, columns.dilation));
      auto gradient = [&](int64_t j) {
        return e.load(op.getGradient(), {pixels.image, outBlock(j), pixels.y, x, e.index(0)});
      };
      auto pixel = [&](int64_t m) {
        int64_t tap = m / pixels.channels, channel = m % pixels.channels;
        Value column = e.add(left, tap * columns.dilation - columns.before);
        return e.loadSplat(op.getInput(), {pixels.image, inBlock, pixels.row, column,
                                           e.add(pixels.lane, channel)});
      };
      return emitMac(e, carried, pixels.cols, active, gradient, pixel);
    });
  }

  // The sums of a tile in the order of its accumulators: taps, channels, vectors.
  void forSums(Value tap, Value channel, int64_t channels, int64_t cols,
               function_ref<void(Value, Value, int64_t)> body) {
    for (int64_t t = 0; t < tapsOfTile(); ++t)
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t j = 0; j < cols; ++j)
          body(e.add(tap, t), e.add(e.add(firstChannel, channel), c), j);
  }

  Value outBlock(int64_t col) { return e.add(e.mul(group, op.getTile().getCols()), col); }

  Emitter::Values place(Value column, Value channel, int64_t col) {
    Emitter::Values at = {tapRow, column, channel, e.mul(outBlock(col), e.lanes)};
    if (cast<MemRefType>(op.getOut().getType()).getRank() == 5)
      at.insert(at.begin(), part);
    return at;
  }

  Value maskOf(int64_t col) { return emitLaneMask(e, k[3], outBlock(col)); }

  Value loadSums(Value column, Value channel, int64_t col) {
    return e.load(op.getOut(), place(column, channel, col), maskOf(col));
  }

  void storeSums(Value sums, Value column, Value channel, int64_t col) {
    e.store(sums, op.getOut(), place(column, channel, col), maskOf(col));
  }

  Emitter &e;
  kernel::ConvWeightsOp op;
  ArrayRef<int64_t> in, g, k;
  Window1D rows, columns;
  int64_t tileRows, blockImages, blockRows;
  // Of the item at hand.
  Value part, group, firstChannel, inBlock, inLane, tapRow;
  Span images;
};

} // namespace

void dlc::cpu::expandConvWeights(Emitter &e, kernel::ConvWeightsOp op, Value lo, Value hi) {
  WeightsEmitter(e, op).emit(lo, hi);
}
