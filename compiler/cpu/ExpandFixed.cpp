//===- ExpandFixed.cpp - weights in fixed point -------------------------------------===//
//
// Words hold weights without gaps, so that all loads are whole vectors at whole lines. A weight is
// shifted to the top of a word; below it stay bits of the weight before it. Four of 24 bits, from
// the upper bit of the first word down to the lower one of the last:
//
//   word 0   b a a a      weight 0   a a a 0
//   word 1   c c b b      weight 1   b b b a
//   word 2   d d d c      weight 2   c c c b     weight 3   d d d c
//
// The bits below belong to the number that a weight counts as, so weights are packed from the first
// one on, each rounded with what will lie below it.
//
//===------------------------------------------------------------------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;

namespace {

// Vectors of i32.
class Words {
public:
  explicit Words(Emitter &e) : e(e) {}

  Value splat(int32_t value) {
    return e.constant(DenseElementsAttr::get(e.wordsType(), e.builder.getI32IntegerAttr(value)));
  }
  Value bits(Value floats) {
    return arith::BitcastOp::create(e.builder, e.loc, e.wordsType(), floats);
  }
  Value floats(Value bits) {
    return arith::BitcastOp::create(e.builder, e.loc, e.vectorType(), bits);
  }
  Value both(Value a, int32_t mask) {
    return arith::AndIOp::create(e.builder, e.loc, a, splat(mask));
  }
  Value either(Value a, Value b) { return arith::OrIOp::create(e.builder, e.loc, a, b); }
  Value up(Value a, int32_t by) { return arith::ShLIOp::create(e.builder, e.loc, a, splat(by)); }
  Value down(Value a, int32_t by) { return arith::ShRUIOp::create(e.builder, e.loc, a, splat(by)); }
  Value plus(Value a, Value b) { return arith::AddIOp::create(e.builder, e.loc, a, b); }
  Value minus(Value a, Value b) { return arith::SubIOp::create(e.builder, e.loc, a, b); }
  Value most(Value a, Value b) { return arith::MaxSIOp::create(e.builder, e.loc, a, b); }
  Value least(Value a, Value b) { return arith::MinSIOp::create(e.builder, e.loc, a, b); }

private:
  Emitter &e;
};

// Reads vectors of a matrix whose last ones may have fewer lanes.
class Rows {
public:
  Rows(Emitter &e, Value plain) : e(e), plain(plain), shape(kernel::shapeOf(plain)) {}

  int64_t blocks() const { return llvm::divideCeil(shape[1], e.lanes); }
  int64_t depth() const { return shape[0]; }

  // Row `row` of units `block`; zeros follow the last unit.
  Value load(Value row, Value block) {
    Emitter::Values at = {row, e.mul(block, e.lanes)};
    if (Value mask = emitLaneMask(e, shape[1], block))
      return vector::MaskedLoadOp::create(e.builder, e.loc, e.vectorType(), plain, at, mask,
                                          e.splat(0));
    return e.load(plain, at);
  }

private:
  Emitter &e;
  Value plain;
  ArrayRef<int64_t> shape;
};

constexpr int32_t kMagnitude = 0x7fffffff, kExponent = 0x7f800000, kSmallest = 0x00800000,
                  kNan = 0x7fc00000;

// Packs the rows of a group for one block of units.
class FixedPacker {
public:
  FixedPacker(Emitter &e, kernel::PackFixedOp op)
      : e(e), words(e), rows(e, op.getInput()), op(op), form(op.getForm()),
        packed(kernel::shapeOf(op.getOut())) {}

  void emit(Value group, Value index, Value col) {
    Value block = e.add(e.mul(group, packed[2]), col);
    auto at = [&](int64_t word) {
      return Emitter::Values{group, e.add(e.mul(index, form.words()), word), col, e.index(0)};
    };
    // The last group of columns may have fewer blocks.
    e.branch(
        e.lessThan(block, e.index(rows.blocks())), [&] { emitRows(block, index, at); },
        [&] {
          for (int64_t word = 0; word < form.words(); ++word)
            e.store(words.splat(0), op.getOut(), at(word));
        });
  }

private:
  // The last group may have fewer rows.
  void emitRows(Value block, Value index, function_ref<Emitter::Values(int64_t)> at) {
    Value first = e.mul(index, form.weights()), scale = e.load(op.getScales(), {block, e.index(0)});
    int64_t whole = rows.depth() / form.weights(), rest = rows.depth() % form.weights();
    auto pack = [&](int64_t count) {
      return [&, count] {
        Emitter::Values packed(form.words(), words.splat(0));
        for (int64_t i = 0; i < count; ++i)
          emitPackFixed(e, form, i, rows.load(e.add(first, i), block), scale, packed);
        for (auto [word, value] : llvm::enumerate(packed))
          e.store(value, op.getOut(), at(word));
      };
    };
    e.branch(e.lessThan(index, e.index(whole)), pack(form.weights()), pack(rest));
  }

  Emitter &e;
  Words words;
  Rows rows;
  kernel::PackFixedOp op;
  kernel::FixedForm form;
  ArrayRef<int64_t> packed;
};

} // namespace

Value dlc::cpu::emitLeastScale(Emitter &e) { return Words(e).splat(kSmallest); }

// As integers, magnitudes of numbers compare as the numbers do; infinity and NaN are the largest.
Value dlc::cpu::emitLargest(Emitter &e, Value largest, Value weights) {
  Words words(e);
  return words.most(largest, words.both(words.bits(weights), kMagnitude));
}

Value dlc::cpu::emitScale(Emitter &e, Value largest) {
  Words words(e);
  Value power = words.both(largest, kExponent);
  Value endless = arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::eq, power,
                                        words.splat(kExponent));
  return words.floats(arith::SelectOp::create(e.builder, e.loc, endless, words.splat(kNan), power));
}

void dlc::cpu::expandUnitScales(Emitter &e, kernel::UnitScalesOp op, Value lo, Value hi) {
  Words words(e);
  Rows rows(e, op.getInput());
  e.loop(lo, hi, 1, [&](Value block) {
    Emitter::Values place = {block, e.index(0)};
    Value start = emitLeastScale(e);
    if (op.getAccumulate())
      start = words.bits(e.load(op.getOut(), place));
    Value largest =
        e.loop(e.index(0), e.index(rows.depth()), 1, start, [&](Value row, ValueRange carried) {
          return Emitter::Values{emitLargest(e, carried[0], rows.load(row, block))};
        })[0];
    e.store(emitScale(e, largest), op.getOut(), place);
  });
}

void dlc::cpu::expandPackFixed(Emitter &e, kernel::PackFixedOp op, Value lo, Value hi) {
  FixedPacker packer(e, op);
  e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
             [&](ValueRange outer, Value first, Value end) {
               e.loop(first, end, 1, [&](Value col) { packer.emit(outer[0], outer[1], col); });
             });
}

// What a weight counts as: its bits on top, below them those of the weights before.
static Value readFixed(Words &words, const kernel::FixedPlace &place, Value word, Value before) {
  if (place.shift == 0)
    return word;
  Value top = words.up(word, place.shift);
  return place.split ? words.either(top, words.down(before, 32 - place.shift)) : top;
}

// A quotient by a power of two is exact, and so is its product with 2^30, which stays within
// +-2^31. A scale that is NaN makes all sums so, whatever the words are.
static Value toInteger(Emitter &e, Value weights, Value scale) {
  Value share = arith::DivFOp::create(e.builder, e.loc, weights, scale);
  Value ordered = arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::ORD, share, share);
  share = arith::SelectOp::create(e.builder, e.loc, ordered, share, e.splat(0));
  Value large = arith::MulFOp::create(e.builder, e.loc, share, e.splat(0x1p30f));
  return arith::FPToSIOp::create(e.builder, e.loc, e.wordsType(),
                                 math::RoundEvenOp::create(e.builder, e.loc, large));
}

void dlc::cpu::emitPackFixed(Emitter &e, kernel::FixedForm form, int64_t index, Value weights,
                             Value scale, MutableArrayRef<Value> group) {
  Words words(e);
  kernel::FixedPlace place = form.placeOf(index);
  int32_t unit = int32_t(1) << (32 - form.bits), most = INT32_MAX - (unit - 1);
  Value &word = group[place.word], none = words.splat(0);
  Value &before = place.word ? group[place.word - 1] : none;
  Value whole = toInteger(e, weights, scale);
  // At the ends there is room for what lies below and for rounding up.
  whole = words.most(words.least(whole, words.splat(most)), words.splat(-most));
  Value rest = words.minus(whole, readFixed(words, place, word, before));
  Value own = words.both(words.plus(rest, words.splat(unit / 2)), -unit);
  word = words.either(word, words.down(own, place.shift));
  if (place.split)
    before = words.either(before, words.up(own, 32 - place.shift));
}

Emitter::Values dlc::cpu::emitFixedGroup(Emitter &e, kernel::FixedForm form, ValueRange carried,
                                         int64_t steps, int64_t cols, FixedWord word,
                                         FixedStep step) {
  Words words(e);
  Emitter::Values values(carried), now(cols), before(cols);
  for (int64_t i = 0, loaded = 0; i < steps; ++i) {
    kernel::FixedPlace place = form.placeOf(i);
    if (place.word == loaded) {
      for (int64_t col = 0; col < cols; ++col) {
        before[col] = now[col];
        now[col] = word(loaded, col);
      }
      ++loaded;
    }
    values = step(values, i, [&](int64_t col) -> Value {
      return arith::SIToFPOp::create(e.builder, e.loc, e.vectorType(),
                                     readFixed(words, place, now[col], before[col]));
    });
  }
  return values;
}
