//===- Emitter.cpp - small builder helpers for expanded kernels ---------------------===//

#include "compiler/cpu/Emitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc::cpu;

Emitter::Emitter(OpBuilder &builder, Location loc, func::FuncOp func, int64_t lanes)
    : builder(builder), loc(loc), lanes(lanes), func(func),
      entry(OpBuilder::atBlockBegin(&func.front())) {}

VectorType Emitter::vectorType() const { return VectorType::get(lanes, builder.getF32Type()); }
VectorType Emitter::wordsType() const { return VectorType::get(lanes, builder.getI32Type()); }

Value Emitter::constant(TypedAttr value) {
  Value &cached = constants[value];
  if (!cached)
    cached = arith::ConstantOp::create(entry, loc, value);
  return cached;
}

Value Emitter::index(int64_t value) { return constant(builder.getIndexAttr(value)); }

Value Emitter::index(OpFoldResult value) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return index(*constant);
  return cast<Value>(value);
}

Value Emitter::splat(float value) { return constant(DenseElementsAttr::get(vectorType(), value)); }

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

static bool isIndex(Value value, int64_t expected) {
  return getConstantIntValue(value) == std::optional<int64_t>(expected);
}

Value Emitter::lanesBetween(int64_t first, int64_t end) {
  SmallVector<bool> bits(lanes, false);
  std::fill(bits.begin() + first, bits.begin() + end, true);
  auto type = VectorType::get(lanes, builder.getI1Type());
  return constant(DenseElementsAttr::get(type, ArrayRef<bool>(bits)));
}

template <typename Op, typename Fold>
static Value arithmetic(Emitter &e, Value a, Value b, Fold fold) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return e.index(fold(*x, *y));
  return Op::create(e.builder, e.loc, a, b);
}

Value Emitter::add(Value a, Value b) {
  if (isIndex(b, 0))
    return a;
  if (isIndex(a, 0))
    return b;
  return arithmetic<arith::AddIOp>(*this, a, b, [](int64_t x, int64_t y) { return x + y; });
}
Value Emitter::sub(Value a, Value b) {
  if (isIndex(b, 0))
    return a;
  return arithmetic<arith::SubIOp>(*this, a, b, [](int64_t x, int64_t y) { return x - y; });
}
Value Emitter::mul(Value a, Value b) {
  if (isIndex(b, 1) || isIndex(a, 0))
    return a;
  if (isIndex(a, 1) || isIndex(b, 0))
    return b;
  return arithmetic<arith::MulIOp>(*this, a, b, [](int64_t x, int64_t y) { return x * y; });
}
Value Emitter::div(Value a, Value b) {
  if (isIndex(b, 1))
    return a;
  return arithmetic<arith::DivUIOp>(*this, a, b, [](int64_t x, int64_t y) { return x / y; });
}
Value Emitter::batchOf(Value memref) {
  int64_t extent = cast<MemRefType>(memref.getType()).getDimSize(0);
  if (!ShapedType::isDynamic(extent))
    return index(extent);
  return memref::DimOp::create(builder, loc, memref, 0);
}

Value Emitter::ceilDiv(Value a, Value b) {
  if (isIndex(b, 1))
    return a;
  return div(add(a, sub(b, index(1))), b);
}
Value Emitter::rem(Value a, Value b) {
  if (isIndex(b, 1))
    return index(0);
  return arithmetic<arith::RemUIOp>(*this, a, b, [](int64_t x, int64_t y) { return x % y; });
}
Value Emitter::min(Value a, Value b) {
  return a == b ? a : arithmetic<arith::MinSIOp>(*this, a, b, [](int64_t x, int64_t y) {
    return std::min(x, y);
  });
}
Value Emitter::max(Value a, Value b) {
  return a == b ? a : arithmetic<arith::MaxSIOp>(*this, a, b, [](int64_t x, int64_t y) {
    return std::max(x, y);
  });
}

Value Emitter::lessThan(Value a, Value b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return constant(builder.getBoolAttr(*x < *y));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, a, b);
}

Value Emitter::isWithin(Value at, int64_t extent) {
  // Unsigned, a negative number is a large one.
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, at, index(extent));
}

//===----------------------------------------------------------------------===//
// Memory and control
//===----------------------------------------------------------------------===//

Value Emitter::viewScratch(Value scratch, int64_t offset, ArrayRef<int64_t> shape) {
  auto type = MemRefType::get(shape, builder.getF32Type());
  return memref::ViewOp::create(builder, loc, type, scratch, index(offset), ValueRange());
}

Value Emitter::load(Value memref, ValueRange indices, Value mask) {
  if (mask)
    return vector::MaskedLoadOp::create(builder, loc, vectorType(), memref, indices, mask,
                                        splat(0));
  return vector::LoadOp::create(builder, loc, vectorType(), memref, indices);
}

Value Emitter::loadWords(Value memref, ValueRange indices) {
  return vector::LoadOp::create(builder, loc, wordsType(), memref, indices);
}

void Emitter::store(Value vector, Value memref, ValueRange indices, Value mask) {
  if (mask)
    vector::MaskedStoreOp::create(builder, loc, memref, indices, mask, vector);
  else
    vector::StoreOp::create(builder, loc, vector, memref, indices);
}

void Emitter::prefetch(Value memref, ValueRange indices, Use use) {
  memref::PrefetchOp::create(builder, loc, memref, indices, /*isWrite=*/false,
                             /*localityHint=*/use == Use::Soon ? 3 : 2, /*isDataCache=*/true);
}

Value Emitter::loadSplat(Value memref, ValueRange indices) {
  Value scalar = memref::LoadOp::create(builder, loc, memref, indices);
  return vector::BroadcastOp::create(builder, loc, vectorType(), scalar);
}

Value Emitter::loadSpread(Value memref, ValueRange indices, int64_t count) {
  if (count == 1)
    return loadSplat(memref, indices);
  auto type = VectorType::get(count, builder.getF32Type());
  Value few = vector::LoadOp::create(builder, loc, type, memref, indices);
  SmallVector<int64_t> shares;
  for (int64_t lane = 0; lane < lanes; ++lane)
    shares.push_back(lane / (lanes / count));
  return vector::ShuffleOp::create(builder, loc, few, few, shares);
}

Value Emitter::addShares(Value vector, int64_t count) {
  for (int64_t by = lanes / 2; by >= lanes / count; by /= 2) {
    SmallVector<int64_t> turned;
    for (int64_t lane = 0; lane < lanes; ++lane)
      turned.push_back((lane + by) % lanes);
    Value other = vector::ShuffleOp::create(builder, loc, vector, vector, turned);
    vector = arith::AddFOp::create(builder, loc, vector, other);
  }
  return vector;
}

Emitter::Values Emitter::loop(Value lower, Value upper, int64_t step, ValueRange inits,
                              LoopBody body) {
  std::optional<int64_t> first = getConstantIntValue(lower), end = getConstantIntValue(upper);
  if (first && end && *end - *first <= step)
    return *first < *end ? body(lower, inits) : Values(inits);
  auto build = [&](OpBuilder &, Location, Value iv, ValueRange carried) {
    OpBuilder::InsertionGuard guard(builder);
    Values results = body(iv, carried);
    scf::YieldOp::create(builder, loc, results);
  };
  auto loop = scf::ForOp::create(builder, loc, lower, upper, index(step), inits, build);
  return Values(loop.getResults());
}

void Emitter::loop(Value lower, Value upper, int64_t step, function_ref<void(Value)> body) {
  loop(lower, upper, step, {}, [&](Value iv, ValueRange) {
    body(iv);
    return Values();
  });
}

void Emitter::branch(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  if (std::optional<int64_t> known = getConstantIntValue(condition))
    return *known ? then() : otherwise();
  auto side = [&](function_ref<void()> fill) {
    return [this, fill](OpBuilder &, Location) {
      fill();
      scf::YieldOp::create(builder, loc);
    };
  };
  scf::IfOp::create(builder, loc, condition, side(then), side(otherwise));
}

void Emitter::forItems(ArrayRef<OpFoldResult> extents, Value lo, Value hi, ItemBody body) {
  if (extents.size() == 1)
    return body({}, lo, hi);
  Value inner = index(extents.back());
  loop(div(lo, inner), ceilDiv(hi, inner), 1, [&](Value range) {
    Values outer(extents.size() - 1);
    Value rest = range;
    for (size_t dim = extents.size() - 1; dim-- > 1;) {
      Value extent = index(extents[dim]);
      outer[dim] = rem(rest, extent);
      rest = div(rest, extent);
    }
    outer[0] = rest;
    Value base = mul(range, inner);
    body(outer, max(sub(lo, base), index(0)), min(sub(hi, base), inner));
  });
}
