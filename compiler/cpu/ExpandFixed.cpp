//===- ExpandFixed.cpp - weights in 24-bit fixed point ------------------------------===//
//
// Three words hold four weights, so that all loads are whole vectors at whole lines. Three of the
// weights are a word each, less its lowest byte; those three bytes are the fourth:
//
//   word 0   a a a d      weight 0   a a a 0
//   word 1   b b b d'     weight 1   b b b 0
//   word 2   c c c d''    weight 2   c c c 0     weight 3   d d' d'' 0
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

// Packs four rows of one block of units.
class FixedPacker {
public:
  FixedPacker(Emitter &e, kernel::PackFixedOp op)
      : e(e), words(e), rows(e, op.getInput()), op(op), packed(kernel::shapeOf(op.getOut())) {}

  void emit(Value group, Value four, Value col) {
    Value block = e.add(e.mul(group, packed[2]), col);
    auto at = [&](int64_t word) {
      return Emitter::Values{group, e.add(e.mul(four, 3), word), col, e.index(0)};
    };
    // The last group may have fewer blocks.
    e.branch(
        e.lessThan(block, e.index(rows.blocks())), [&] { emitRows(block, four, at); },
        [&] {
          for (int64_t word = 0; word < 3; ++word)
            e.store(words.splat(0), op.getOut(), at(word));
        });
  }

private:
  // The last four may be fewer.
  void emitRows(Value block, Value four, function_ref<Emitter::Values(int64_t)> at) {
    Value first = e.mul(four, 4), scale = e.load(op.getScales(), {block, e.index(0)});
    int64_t whole = rows.depth() / 4, rest = rows.depth() % 4;
    auto pack = [&](int64_t count) {
      return [&, count] {
        Emitter::Values q(4, words.splat(0));
        for (int64_t i = 0; i < count; ++i)
          q[i] = emitFixed(e, rows.load(e.add(first, i), block), scale);
        for (int64_t word = 0; word < 3; ++word)
          e.store(emitFixedWord(e, q[word], q[3], word), op.getOut(), at(word));
      };
    };
    e.branch(e.lessThan(four, e.index(whole)), pack(4), pack(rest));
  }

  Emitter &e;
  Words words;
  Rows rows;
  kernel::PackFixedOp op;
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

// A quotient by a power of two is exact, and so is its product with 2^22. What rounds up to 2^23
// stays below it. A scale that is NaN makes all sums so, whatever the words are.
Value dlc::cpu::emitFixed(Emitter &e, Value weights, Value scale) {
  Words words(e);
  Value share = arith::DivFOp::create(e.builder, e.loc, weights, scale);
  Value ordered = arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::ORD, share, share);
  share = arith::SelectOp::create(e.builder, e.loc, ordered, share, e.splat(0));
  Value large = arith::MulFOp::create(e.builder, e.loc, share, e.splat(0x1p22f));
  Value whole = math::RoundEvenOp::create(e.builder, e.loc, large);
  Value q = arith::FPToSIOp::create(e.builder, e.loc, e.wordsType(), whole);
  return words.up(words.least(q, words.splat((1 << 23) - 1)), 8);
}

Value dlc::cpu::emitFixedWord(Emitter &e, Value own, Value fourth, int64_t index) {
  Words words(e);
  return words.either(own, words.both(words.down(fourth, 24 - 8 * index), 0xff));
}

// `parts` of the fourth weight, null with the first word, and the part in word `index`.
static Value addPart(Words &words, Value parts, Value word, int64_t index) {
  if (index == 0)
    return words.up(word, 24);
  return words.either(parts, words.up(words.both(word, 0xff), 24 - 8 * index));
}

Emitter::Values dlc::cpu::emitFixedFour(Emitter &e, ValueRange carried, int64_t steps, int64_t cols,
                                        FixedWord word, FixedStep step) {
  Words words(e);
  Emitter::Values values(carried), fourth(cols), weights(cols);
  for (int64_t i = 0; i < steps; ++i) {
    for (int64_t col = 0; col < cols; ++col) {
      Value bits = fourth[col];
      if (i < 3) {
        Value loaded = word(i, col);
        fourth[col] = addPart(words, fourth[col], loaded, i);
        bits = words.both(loaded, ~0xff);
      }
      weights[col] = bits;
    }
    values = step(values, i, [&](int64_t col) -> Value {
      return arith::SIToFPOp::create(e.builder, e.loc, e.vectorType(), weights[col]);
    });
  }
  return values;
}
