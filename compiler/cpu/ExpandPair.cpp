//===- ExpandPair.cpp - a convolution row by row for what reads it ------------------===//
//
// The rows of the convolution that a few rows of its reader need, of one group of channels, live in
// the thread's scratch memory as a ring: row r in slot r mod rows. A direct convolution makes one
// row at a time, a Winograd one as many as a tile has.
//
//   for each strip of columns:
//     for each step of output rows:  convolve the rows up to the last one that their windows reach
//       for each channel block:      rows of the reader
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

namespace {

class PairEmitter {
public:
  PairEmitter(Emitter &e, kernel::PairOp op, Value scratch, Value ahead, int64_t l2Bytes)
      : e(e), op(op), window(kernel::windowOf(op.getReader())), out(shapeOf(op.getOut())),
        middle(shapeOf(op.getMiddle())), ring(op.getRingShape()),
        maker(kernel::rowMakerOf(op.getProducer())), scratch(scratch), ahead(ahead),
        l2Bytes(l2Bytes) {
    IRMapping buffers;
    Block &body = op.getBody().front();
    buffers.map(body.getArguments().drop_back(), op->getOperands());
    buffers.map(op.getMiddle(), viewRing());
    SmallVector<Operation *> parts;
    for (Operation &inner : body)
      parts.push_back(e.builder.clone(inner, buffers));
    producer = parts[parts.size() - 2];
    reader = parts.back();
  }
  // The two kernels only describe what is emitted.
  ~PairEmitter() {
    reader->erase();
    producer->erase();
  }

  LogicalResult emit(Value lo, Value hi) {
    bool ok = true;
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value firstBand, Value endBand) {
                 image = outer[0];
                 group = outer[1];
                 // Tiles of each band begin anew, so that all have the same sums whoever takes it.
                 if (maker.rows == 1)
                   return void(ok &= succeeded(emitBands(firstBand, endBand)));
                 e.loop(firstBand, endBand, 1,
                        [&](Value band) { ok &= succeeded(emitBands(band, e.add(band, 1))); });
               });
    return success(ok);
  }

private:
  LogicalResult emitBands(Value firstBand, Value endBand) {
    bool ok = true;
    Value first = e.mul(firstBand, op.getBandRows());
    Value end = e.min(e.mul(endBand, op.getBandRows()), e.index(out[2]));
    emitGroup(e, group, maker.groups, out[1], maker.blocks,
              [&](int64_t cols) { ok = ok && succeeded(emitStrips(first, end, cols)); });
    return success(ok);
  }

  // The ring as the whole image, of which only what is in the ring is ever addressed.
  Value viewRing() {
    int64_t elements = ShapedType::getNumElements(ring), row = ring[3] * ring[4];
    Value all = e.viewScratch(scratch, 0, {elements});
    SmallVector<int64_t> shape(middle), strides = {elements, ring[2] * row, row, ring[4], 1};
    shape[0] = 1;
    auto layout = StridedLayoutAttr::get(e.builder.getContext(), 0, strides);
    auto type = MemRefType::get(shape, e.builder.getF32Type(), layout);
    return memref::ReinterpretCastOp::create(e.builder, e.loc, type, all, 0, shape, strides);
  }

  // Rows [first, end) of one group of channels.
  LogicalResult emitStrips(Value first, Value end, int64_t cols) {
    for (int64_t x = 0; x < out[3]; x += op.getStepColumns()) {
      ColumnRange strip{x, std::min<int64_t>(x + op.getStepColumns(), out[3])};
      if (failed(emitRows(first, end, cols, strip)))
        return failure();
    }
    return success();
  }

  // Carries how many rows of the middle are done.
  LogicalResult emitRows(Value first, Value end, int64_t cols, ColumnRange strip) {
    bool ok = true;
    int64_t step = op.getStepRows();
    ColumnRange columns{std::max<int64_t>(firstColumn(strip.begin), 0),
                        std::min(firstColumn(strip.end - 1) + window.span[1], middle[3])};
    left = maker.whole ? 0 : columns.begin;
    Value start = e.max(firstRow(first), e.index(0));
    e.loop(first, end, step, {start}, [&](Value y, ValueRange carried) {
      Value next = e.min(e.add(y, step), end);
      Value needed = e.min(e.add(firstRow(e.add(next, -1)), window.span[0]), e.index(middle[2]));
      Emitter::Values done =
          e.loop(carried[0], needed, maker.rows, carried, [&](Value row, ValueRange) {
            ok &= succeeded(emitProducer(row, cols, columns));
            return Emitter::Values{e.add(row, maker.rows)};
          });
      for (int64_t col = 0; col < cols; ++col)
        ok &= succeeded(emitReader(e.add(e.mul(group, maker.blocks), col), y, next, strip));
      return done;
    });
    return success(ok);
  }

  LogicalResult emitProducer(Value row, int64_t cols, ColumnRange columns) {
    if (auto conv = dyn_cast<kernel::ConvOp>(producer))
      return emitConvRow(e, conv, ahead, l2Bytes, image, group, row, cols, columns, place());
    Value hasNext = e.lessThan(e.add(row, maker.rows), e.index(middle[2]));
    return emitWinogradRows(e, cast<kernel::WinogradOp>(producer), scratch, op.getRingBytes(),
                            image, row, hasNext, place());
  }

  LogicalResult emitReader(Value block, Value first, Value end, ColumnRange strip) {
    if (auto depthwise = dyn_cast<kernel::DepthwiseOp>(reader))
      return emitDepthwiseRows(e, depthwise, image, block, first, end, strip, place());
    emitPoolRows(e, cast<kernel::PoolOp>(reader), image, block, first, end, strip, place());
    return success();
  }

  // The first row or column that the window of an output reads; negative in the padding.
  int64_t firstColumn(int64_t x) { return x * window.strides[1] - window.before[1]; }
  Value firstRow(Value y) { return e.sub(e.mul(y, window.strides[0]), e.index(window.before[0])); }

  PixelPlace place() {
    return [this](Value, Value block, Value row, Value column) {
      Value inGroup = e.sub(block, e.mul(group, maker.blocks));
      Value slot = ring[2] == middle[2] ? row : e.rem(row, e.index(ring[2]));
      return Emitter::Values{e.index(0), inGroup, slot, e.sub(column, e.index(left)), e.index(0)};
    };
  }

  Emitter &e;
  kernel::PairOp op;
  kernel::SlidingWindow window;
  Operation *producer, *reader;
  ArrayRef<int64_t> out, middle;
  SmallVector<int64_t> ring;
  kernel::RowMaker maker;
  Value scratch;
  Value ahead; // what the next kernel reads first, or null
  int64_t l2Bytes;
  int64_t left = 0; // the first column of the middle in the ring
  Value image, group;
};

} // namespace

LogicalResult dlc::cpu::expandPair(Emitter &e, kernel::PairOp op, Value scratch, Value ahead,
                                   Value lo, Value hi, int64_t l2Bytes) {
  return PairEmitter(e, op, scratch, ahead, l2Bytes).emit(lo, hi);
}
