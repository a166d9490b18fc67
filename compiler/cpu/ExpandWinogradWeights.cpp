//===- ExpandWinogradWeights.cpp - weights of Winograd convolutions -----------------===//
//
// A vector of output channels at a time: the taps of one input channel become points, which are
// stored as they are or, with scales, in fixed point: one after the other they add their bits to
// the words of their group.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "compiler/cpu/WinogradTransform.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;
using Values = Emitter::Values;

namespace {

// Transforms the taps of one input channel for one block of output channels.
class PointsEmitter {
public:
  PointsEmitter(Emitter &e, Value input, kernel::WinogradForm form)
      : e(e), input(input), form(form), filters(shapeOf(input)[3]) {}

  /// `use` gets the points, zero in lanes past the last output channel; none for a block that does
  /// not exist.
  using Use = function_ref<void(ValueRange points)>;
  void emit(Value channel, Value block, Use use) {
    int64_t blocks = llvm::divideCeil(filters, e.lanes);
    e.branch(
        e.lessThan(block, e.index(blocks)), [&] { use(transform(channel, block)); },
        [&] { use({}); });
  }

private:
  Values transform(Value channel, Value block) {
    Values planes(form.planes());
    for (int64_t y = 0; y < form.stride; ++y)
      for (int64_t x = 0; x < form.stride; ++x)
        transformPhase(channel, block, y, x, planes);
    return planes;
  }

  // A tap that the phase lacks is zero, and its last points in that dimension are left out.
  void transformPhase(Value channel, Value block, int64_t down, int64_t right,
                      MutableArrayRef<Value> planes) {
    Values taps;
    Value mask = emitLaneMask(e, filters, block);
    for (int64_t y = down; y < down + form.stride * form.taps(); y += form.stride)
      for (int64_t x = right; x < right + form.stride * form.taps(); x += form.stride)
        taps.push_back(std::max(y, x) < form.window
                           ? loadTap({e.index(y), e.index(x), channel, e.mul(block, e.lanes)}, mask)
                           : e.splat(0));
    Values points = emitWeightPoints(e, form, taps);
    for (int64_t y = 0; y < form.patchOf(down); ++y)
      for (int64_t x = 0; x < form.patchOf(right); ++x)
        planes[(y * form.stride + down) * form.patch() + x * form.stride + right] =
            points[y * form.side() + x];
  }

  Value loadTap(ValueRange at, Value mask) {
    if (!mask)
      return e.load(input, at);
    return vector::MaskedLoadOp::create(e.builder, e.loc, e.vectorType(), input, at, mask,
                                        e.splat(0));
  }

  Emitter &e;
  Value input;
  kernel::WinogradForm form;
  int64_t filters;
};

class WeightsEmitter {
public:
  WeightsEmitter(Emitter &e, kernel::WinogradWeightsOp op)
      : e(e), op(op), points(e, op.getInput(), op.getForm()), channels(shapeOf(op.getInput())[2]),
        count(op.getForm().planes()), cols(shapeOf(op.getOut())[3]) {}

  void emit(Value lo, Value hi) {
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value first, Value end) {
                 group = outer[0];
                 e.loop(first, end, 1, [&](Value item) {
                   for (int64_t col = 0; col < cols; ++col)
                     op.getScales() ? emitGroup(item, col) : emitFloats(item, col);
                 });
               });
  }

private:
  Value blockOf(int64_t col) { return e.add(e.mul(group, cols), col); }
  Values place(Value point, Value row, int64_t col) {
    return {point, group, row, e.index(col), e.index(0)};
  }
  void forPoints(function_ref<void(int64_t index, Value point)> body) {
    for (int64_t point = 0; point < count; ++point)
      body(point, e.index(point));
  }

  void emitFloats(Value channel, int64_t col) {
    points.emit(channel, blockOf(col), [&](ValueRange values) {
      forPoints([&](int64_t index, Value point) {
        e.store(values.empty() ? e.splat(0) : values[index], op.getOut(),
                place(point, channel, col));
      });
    });
  }

  // The last group may have fewer channels: bits of those that do not exist are zero.
  void emitGroup(Value index, int64_t col) {
    int64_t weights = form.weights();
    Value first = e.mul(index, weights), end = e.min(e.add(first, weights), e.index(channels));
    Value row = e.mul(index, form.words());
    if (channels % weights)
      e.branch(
          e.lessThan(e.index(channels), e.add(first, weights)),
          [&] { e.loop(row, e.add(row, form.words()), 1, [&](Value at) { clear(at, col); }); },
          [] {});
    e.loop(first, end, 1, [&](Value channel) {
      points.emit(channel, blockOf(col), [&](ValueRange values) {
        emitWeight(e.sub(channel, first), 0, values, row, col);
      });
    });
  }

  // The weights from `index` on are those that `at` may be.
  void emitWeight(Value at, int64_t index, ValueRange values, Value firstRow, int64_t col) {
    if (index == form.weights() - 1)
      return packWeight(index, values, firstRow, col);
    e.branch(
        e.lessThan(at, e.index(index + 1)), [&] { packWeight(index, values, firstRow, col); },
        [&] { emitWeight(at, index + 1, values, firstRow, col); });
  }

  void packWeight(int64_t index, ValueRange values, Value firstRow, int64_t col) {
    kernel::FixedPlace slot = form.placeOf(index);
    forPoints([&](int64_t number, Value point) {
      Values group(form.words(), zeros());
      auto at = [&](int64_t word) { return place(point, e.add(firstRow, word), col); };
      for (int64_t word = slot.word - slot.split; word <= slot.word - slot.fresh; ++word)
        group[word] = e.loadWords(op.getOut(), at(word));
      if (!values.empty())
        emitPackFixed(e, form, index, values[number],
                      e.load(op.getScales(), {point, blockOf(col), e.index(0)}), group);
      for (int64_t word = slot.word - slot.split; word <= slot.word; ++word)
        e.store(group[word], op.getOut(), at(word));
    });
  }

  Value zeros() {
    return e.constant(DenseElementsAttr::get(e.wordsType(), e.builder.getI32IntegerAttr(0)));
  }

  void clear(Value row, int64_t col) {
    forPoints([&](int64_t, Value point) { e.store(zeros(), op.getOut(), place(point, row, col)); });
  }

  Emitter &e;
  kernel::WinogradWeightsOp op;
  PointsEmitter points;
  const kernel::FixedForm form = kernel::kFixedPoints;
  int64_t channels, count, cols;
  Value group;
};

} // namespace

void dlc::cpu::expandWinogradWeights(Emitter &e, kernel::WinogradWeightsOp op, Value lo, Value hi) {
  WeightsEmitter(e, op).emit(lo, hi);
}

// The largest magnitudes wait in memory, for there are more points than registers.
void dlc::cpu::expandWinogradScales(Emitter &e, kernel::WinogradScalesOp op, Value lo, Value hi) {
  PointsEmitter points(e, op.getInput(), op.getForm());
  Value count = e.index(op.getForm().points());
  e.loop(lo, hi, 1, [&](Value block) {
    auto place = [&](Value point) { return Values{point, block, e.index(0)}; };
    auto words = [&](Value point) {
      return arith::BitcastOp::create(e.builder, e.loc, e.wordsType(),
                                      e.load(op.getOut(), place(point)));
    };
    auto store = [&](Value words, Value point) {
      e.store(arith::BitcastOp::create(e.builder, e.loc, e.vectorType(), words), op.getOut(),
              place(point));
    };
    e.loop(e.index(0), count, 1, [&](Value point) { store(emitLeastScale(e), point); });
    e.loop(e.index(0), e.index(shapeOf(op.getInput())[2]), 1, [&](Value channel) {
      points.emit(channel, block, [&](ValueRange values) {
        for (auto [index, value] : llvm::enumerate(values))
          store(emitLargest(e, words(e.index(index)), value), e.index(index));
      });
    });
    e.loop(e.index(0), count, 1,
           [&](Value point) { e.store(emitScale(e, words(point)), op.getOut(), place(point)); });
  });
}
