//===- ExpandConvDepthwise.cpp - a convolution row by row for its depthwise reader --===//
//
// The rows of the convolution that a few depthwise rows need, of one group of channels, live in the
// thread's scratch memory as a ring: row r in slot r mod rows.
//
//   for each strip of columns:
//     for each step of output rows:  convolve the rows up to the last one that their windows reach
//       for each channel block:      depthwise rows
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/Columns.h"
#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;

namespace {

class PairEmitter {
public:
  PairEmitter(Emitter &e, kernel::ConvDepthwiseOp op, Value scratch, int64_t l2Bytes)
      : e(e), op(op), out(cast<MemRefType>(op.getOut().getType()).getShape()),
        weights(cast<MemRefType>(op.getWeights().getType()).getShape()),
        middle(op.getMiddleShape()), ring(op.getRingShape()), l2Bytes(l2Bytes) {
    Value rows = viewRing(scratch);
    conv = kernel::ConvOp::create(e.builder, e.loc, TypeRange(), op.getInput(), op.getWeights(),
                                  op.getBias(), ValueRange(), rows, op.getStrides(),
                                  op.getPadding(), op.getDilations(), /*groups=*/1,
                                  op.getInChannels(), op.getTile(), /*rows_first=*/false);
    conv.getEpilogue().takeBody(op.getEpilogue());
    depthwise = kernel::DepthwiseOp::create(
        e.builder, e.loc, TypeRange(), rows, op.getDepthwiseWeights(), op.getDepthwiseBias(),
        ValueRange(), op.getOut(), op.getDepthwiseStrides(), op.getDepthwisePadding(),
        op.getDepthwiseDilations(), op.getDepthwiseTile());
    depthwise.getEpilogue().takeBody(op.getDepthwiseEpilogue());
  }
  // The two kernels only describe what is emitted.
  ~PairEmitter() {
    depthwise.erase();
    conv.erase();
  }

  LogicalResult emit(Value lo, Value hi) {
    bool ok = true;
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value firstBand, Value endBand) {
                 image = outer[0];
                 group = outer[1];
                 Value first = e.mul(firstBand, op.getBandRows());
                 Value end = e.min(e.mul(endBand, op.getBandRows()), e.index(out[2]));
                 emitGroup(e, group, weights[0], out[1], weights[5], [&](int64_t cols) {
                   ok = ok && succeeded(emitStrips(first, end, cols));
                 });
               });
    return success(ok);
  }

private:
  // The ring as the whole image, of which only what is in the ring is ever addressed.
  Value viewRing(Value scratch) {
    int64_t elements = ShapedType::getNumElements(ring), row = ring[3] * ring[4];
    auto flat = MemRefType::get({elements}, e.builder.getF32Type());
    Value all = memref::ViewOp::create(e.builder, e.loc, flat, scratch, e.index(0), ValueRange());
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
    ColumnRange columns{std::max<int64_t>(windowStart(1, strip.begin), 0),
                        std::min(windowStart(1, strip.end - 1) + span(1), middle[3])};
    left = columns.begin;
    Value start = e.max(firstRow(first), e.index(0));
    e.loop(first, end, step, {start}, [&](Value y, ValueRange carried) {
      Value next = e.min(e.add(y, step), end);
      Value needed = e.min(e.add(firstRow(e.add(next, -1)), span(0)), e.index(middle[2]));
      e.loop(carried[0], needed, 1, [&](Value row) {
        ok &= succeeded(emitConvRow(e, conv, l2Bytes, image, group, row, cols, columns, place()));
      });
      for (int64_t col = 0; col < cols; ++col) {
        Value block = e.add(e.mul(group, weights[5]), col);
        ok &= succeeded(emitDepthwiseRows(e, depthwise, image, block, y, next, strip, place()));
      }
      return Emitter::Values{e.max(carried[0], needed)};
    });
    return success(ok);
  }

  // The first row (0) or column (1) that the window of an output reads; negative in the padding.
  int64_t windowStart(unsigned dim, int64_t output) {
    return output * op.getDepthwiseStrides()[dim] - op.getDepthwisePadding()[2 * dim];
  }
  Value firstRow(Value y) {
    return e.sub(e.mul(y, op.getDepthwiseStrides()[0]), e.index(op.getDepthwisePadding()[0]));
  }
  // How many a window spans.
  int64_t span(unsigned dim) {
    int64_t taps = cast<MemRefType>(op.getDepthwiseWeights().getType()).getDimSize(1 + dim);
    return (taps - 1) * op.getDepthwiseDilations()[dim] + 1;
  }

  PixelPlace place() {
    return [this](Value, Value block, Value row, Value column) {
      Value inGroup = e.sub(block, e.mul(group, weights[5]));
      Value slot = ring[2] == middle[2] ? row : e.rem(row, e.index(ring[2]));
      return Emitter::Values{e.index(0), inGroup, slot, e.sub(column, e.index(left)), e.index(0)};
    };
  }

  Emitter &e;
  kernel::ConvDepthwiseOp op;
  kernel::ConvOp conv;
  kernel::DepthwiseOp depthwise;
  ArrayRef<int64_t> out, weights;
  SmallVector<int64_t> middle, ring;
  int64_t l2Bytes;
  int64_t left = 0; // the first column of the middle in the ring
  Value image, group;
};

} // namespace

LogicalResult dlc::cpu::expandConvDepthwise(Emitter &e, kernel::ConvDepthwiseOp op, Value lo,
                                            Value hi, int64_t l2Bytes) {
  auto func = op->getParentOfType<func::FuncOp>();
  Value scratch = func.getArgument(func.getNumArguments() - 3);
  return PairEmitter(e, op, scratch, l2Bytes).emit(lo, hi);
}
