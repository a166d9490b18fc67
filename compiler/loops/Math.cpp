//===- Math.cpp - f32 functions as branch-free arithmetic ---------------------------===//
//
// A call to libm inside a loop stops LLVM's vectorizer and makes the bits depend on the machine's
// libm. So each function becomes arithmetic without branches: reduce the argument, evaluate a
// polynomial, scale by bits, choose special cases by select. Infinities, NaN, zeros and subnormal
// results are right; test/cpu/math.mlir holds the largest errors in units of the last place.
//
//   %y = math.exp %x : vector<8xf32>
//   ->
//   %t = math.fma %x, %log2e, %magic          // nearest integer n in the low bits
//   %n = arith.subf %t, %magic                // r = x - n ln 2, |r| <= ln 2 / 2
//   ...                                       // 2^n * p(r)
//
// Polynomials of exp, log and erf are minimax fits in the form that N. Juffa has published.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/loops/MathBuilder.h"
#include "compiler/loops/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc::loops {
#define GEN_PASS_DEF_EXPANDMATH
#include "compiler/loops/Passes.h.inc"
} // namespace dlc::loops

using namespace mlir;
using namespace dlc::loops;

// 1.5 * 2^23: adding it rounds to an integer, which then sits in the low bits.
static constexpr double kMagic = 12582912.0;
static constexpr int64_t kMagicBits = 0x4B400000;
static constexpr double kLog2E = 1.44269504088896341;
static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

namespace {
// x = n ln 2 + r
struct Reduced {
  Value n, r;
};
} // namespace

static Reduced reduceByLn2(const MathBuilder &b, Value x) {
  Value t = b.fma(x, b.real(kLog2E), b.real(kMagic));
  Value n = b.sub(t, b.real(kMagic));
  // The high part has 15 bits: its product with n is exact, with or without fma.
  Value r = b.fma(n, b.real(-0x1.62e400p-1), x);
  r = b.fma(n, b.real(-0x1.7f7d1cp-20), r);
  return {b.subInt(b.bits(t), b.integer(kMagicBits)), r};
}

static Value powerOfTwo(const MathBuilder &b, Value n) {
  return b.fromBits(b.shiftLeft(b.addInt(n, b.integer(127)), 23));
}

// exp(r) = 1 + r + r^2 q(r)
static constexpr double kExpTail[] = {0x1.694000p-10, 0x1.125edcp-7, 0x1.555b5ap-5, 0x1.555450p-3,
                                      0x1.fffff6p-2};

static Value expandExp(const MathBuilder &b, Value x) {
  Reduced reduced = reduceByLn2(b, b.clamp(x, -104.0, 89.0));
  Value p = b.poly(reduced.r, kExpTail);
  p = b.fma(p, reduced.r, b.real(1.0));
  p = b.fma(p, reduced.r, b.real(1.0));
  // 2^n in two factors, so that the ends overflow and become subnormal as they should.
  Value half = b.shiftRight(reduced.n, 1);
  Value rest = b.subInt(reduced.n, half);
  return b.mul(b.mul(p, powerOfTwo(b, half)), powerOfTwo(b, rest));
}

static Value expandExpM1(const MathBuilder &b, Value x) {
  Reduced reduced = reduceByLn2(b, b.clamp(x, -30.0, 89.0));
  Value r = reduced.r;
  Value p = b.fma(b.mul(r, r), b.poly(r, kExpTail), r);
  // 2 (2^(n-1) p + 2^(n-1) - 1/2): exact for n = 0, and 2^127 is the largest power.
  Value scale = powerOfTwo(b, b.subInt(reduced.n, b.integer(1)));
  Value halved = b.fma(scale, p, b.sub(scale, b.real(0.5)));
  return b.add(halved, halved);
}

// tanh |x| = t / (t + 2) with t = e^(2|x|) - 1; it is 1 from 10 on.
static Value expandTanh(const MathBuilder &b, Value x) {
  Value a = b.abs(x), limit = b.real(10.0);
  a = b.select(b.less(limit, a), limit, a);
  Value t = expandExpM1(b, b.add(a, a));
  return b.copySign(b.div(t, b.add(t, b.real(2.0))), x);
}

// log(2^i (1 + f)), f in [-1/3, 1/3]
static Value expandLog(const MathBuilder &b, Value x) {
  Value tiny = b.less(x, b.real(0x1p-126));
  Value a = b.select(tiny, b.mul(x, b.real(0x1p23)), x);
  Value shift = b.select(tiny, b.real(-23.0), b.real(0.0));
  Value exponent = b.andInt(b.subInt(b.bits(a), b.integer(0x3f2aaaab)), b.integer(-0x800000));
  Value f = b.sub(b.fromBits(b.subInt(b.bits(a), exponent)), b.real(1.0));
  Value i = b.fma(b.toReal(exponent), b.real(0x1p-23), shift);
  Value s = b.mul(f, f);
  Value even = b.poly(s, {-0x1.0ae000p-3, -0x1.f198b2p-4, -0x1.55b36cp-3, -0x1.fffe02p-3});
  Value odd = b.poly(s, {0x1.208000p-3, 0x1.1e5740p-3, 0x1.99d8b2p-3});
  Value r = b.fma(odd, f, even);
  r = b.fma(r, f, b.real(0x1.5554fap-2));
  r = b.fma(r, f, b.real(-0.5));
  r = b.fma(r, s, f);
  r = b.fma(i, b.real(0x1.62e430p-1), r);
  r = b.select(b.less(x, b.real(kInfinity)), r, b.add(x, x));
  r = b.select(b.less(x, b.real(0.0)), b.real(kNan), r);
  return b.select(b.equal(x, b.real(0.0)), b.real(-kInfinity), r);
}

// log(1 + x), with what 1 + x lost in rounding put back to first order.
static Value expandLog1P(const MathBuilder &b, Value x) {
  Value one = b.real(1.0), u = b.add(x, one);
  Value r = expandLog(b, u);
  Value lost = b.div(b.sub(x, b.sub(u, one)), u);
  Value regular = b.both(b.less(b.real(0.0), u), b.less(u, b.real(kInfinity)));
  return b.select(regular, b.add(r, lost), r);
}

// Near 0 a polynomial in x^2, beyond 1 - exp(p(|x|)).
static Value expandErf(const MathBuilder &b, Value x) {
  Value a = b.abs(x), s = b.mul(x, x);
  // erf is 1 from 4 on.
  Value limited = b.select(b.less(b.real(4.0), a), b.real(4.0), a);
  Value p = b.fma(b.real(-0x1.220000p-16), limited, b.real(0x1.91cfb2p-12));
  Value u = b.fma(b.real(-0x1.fd1438p-9), limited, b.real(0x1.8d6342p-6));
  p = b.fma(p, b.mul(limited, limited), u);
  p = b.fma(p, limited, b.real(-0x1.b55cb8p-4));
  p = b.fma(p, limited, b.real(-0x1.450aa0p-1));
  p = b.fma(p, limited, b.real(-0x1.079d0cp-3));
  p = b.fma(p, limited, b.neg(limited));
  Value far = b.copySign(b.sub(b.real(1.0), expandExp(b, p)), x);
  Value near = b.poly(s, {-0x1.38e000p-11, 0x1.471a58p-8, -0x1.b691b2p-6, 0x1.ce1c44p-4,
                          -0x1.812700p-2, 0x1.06eba8p-3});
  near = b.fma(near, x, x);
  return b.select(b.less(b.real(475.0 / 512.0), a), far, near);
}

//===----------------------------------------------------------------------===//
// pow: in f64, whose precision makes x^y = exp(y log x) accurate to f32
//===----------------------------------------------------------------------===//

static Value wideLog(const MathBuilder &b, Value x) {
  // m in [sqrt 1/2, sqrt 2); log m = 2 atanh((m - 1) / (m + 1)).
  Value base = b.integer(0x3fe6a09e667f3bcd);
  Value exponent = b.shiftRight(b.subInt(b.bits(x), base), 52);
  Value m = b.fromBits(b.subInt(b.bits(x), b.shiftLeft(exponent, 52)));
  Value s = b.div(b.sub(m, b.real(1.0)), b.add(m, b.real(1.0)));
  Value series = b.poly(b.mul(s, s), {2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3, 2.0});
  Value e = b.toReal(exponent);
  Value r = b.fma(e, b.real(0.693147180559945309), b.mul(s, series));
  r = b.select(b.less(x, b.real(kInfinity)), r, x);
  return b.select(b.equal(x, b.real(0.0)), b.real(-kInfinity), r);
}

static Value wideExp(const MathBuilder &b, Value x) {
  x = b.clamp(x, -110.0, 95.0);
  Value magic = b.real(0x1.8p52);
  Value t = b.fma(x, b.real(kLog2E), magic);
  Value r = b.fma(b.sub(t, magic), b.real(-0.693147180559945309), x);
  Value p =
      b.poly(r, {1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0});
  Value n = b.subInt(b.bits(t), b.integer(0x4338000000000000));
  return b.mul(p, b.fromBits(b.shiftLeft(b.addInt(n, b.integer(1023)), 52)));
}

static Value expandPow(const MathBuilder &b, Value x, Value y, Type narrow, Type wideElement) {
  MathBuilder wide = b.withType(b.like(wideElement));
  Value exponent = wide.extend(y, b.like(wideElement));
  Value log = wideLog(wide, wide.extend(b.abs(x), b.like(wideElement)));
  Value r = b.truncate(wideExp(wide, wide.mul(exponent, log)), narrow);
  // A negative base takes integer exponents only; odd ones keep its sign.
  Value zero = b.real(0.0), half = b.mul(y, b.real(0.5));
  Value isInteger = b.equal(b.floor(y), y);
  Value isOdd = b.both(isInteger, b.negate(b.equal(b.floor(half), half)));
  r = b.select(isOdd, b.copySign(r, x), r);
  Value negative = b.both(b.less(x, zero), b.less(b.real(-kInfinity), x));
  r = b.select(b.both(negative, b.negate(isInteger)), b.real(kNan), r);
  return b.select(b.equal(y, zero), b.real(1.0), r);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

static Value expand(const MathBuilder &b, Operation *op, Type wideElement) {
  Value x = op->getOperand(0);
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp) { return expandExp(b, x); })
      .Case([&](math::ExpM1Op) { return expandExpM1(b, x); })
      .Case([&](math::TanhOp) { return expandTanh(b, x); })
      .Case([&](math::LogOp) { return expandLog(b, x); })
      .Case([&](math::Log1pOp) { return expandLog1P(b, x); })
      .Case([&](math::ErfOp) { return expandErf(b, x); })
      .Case([&](math::RsqrtOp) { return b.div(b.real(1.0), b.sqrt(x)); })
      .Case([&](math::PowFOp) {
        return expandPow(b, x, op->getOperand(1), op->getResult(0).getType(), wideElement);
      })
      .Default(Value());
}

static void splitFma(Operation *op) {
  OpBuilder builder(op);
  Value product =
      arith::MulFOp::create(builder, op->getLoc(), op->getOperand(0), op->getOperand(1));
  Value sum = arith::AddFOp::create(builder, op->getLoc(), product, op->getOperand(2));
  op->getResult(0).replaceAllUsesWith(sum);
  op->erase();
}

namespace {
struct ExpandMath : dlc::loops::impl::ExpandMathBase<ExpandMath> {
  using ExpandMathBase::ExpandMathBase;

  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      if (!isa<math::MathDialect>(op->getDialect()) ||
          !getElementTypeOrSelf(op->getResult(0)).isF32())
        return;
      OpBuilder builder(op);
      MathBuilder formulas(builder, op->getLoc(), op->getResult(0).getType());
      if (Value result = expand(formulas, op, builder.getF64Type())) {
        op->getResult(0).replaceAllUsesWith(result);
        op->erase();
      }
    });
    if (fma)
      return;
    getOperation()->walk([](Operation *op) {
      if (isa<math::FmaOp, vector::FMAOp>(op))
        splitFma(op);
    });
  }
};
} // namespace
