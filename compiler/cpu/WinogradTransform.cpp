//===- WinogradTransform.cpp - the transforms of F(m x m, 3x3) ----------------------===//

#include "compiler/cpu/WinogradTransform.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc::cpu;
using Values = Emitter::Values;

namespace {

// One dimension. Sums that rows of a matrix share are computed once.
struct Line {
  Emitter &e;
  using Element = function_ref<Value(int64_t)>;

  Value add(Value a, Value b) { return arith::AddFOp::create(e.builder, e.loc, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(e.builder, e.loc, a, b); }
  Value mul(float k, Value a) { return arith::MulFOp::create(e.builder, e.loc, e.splat(k), a); }
  /// k a + b
  Value fma(float k, Value a, Value b) {
    return vector::FMAOp::create(e.builder, e.loc, e.splat(k), a, b);
  }

  Values weights2(ValueRange g) {
    Value even = mul(0.5f, add(g[0], g[2]));
    return {g[0], fma(0.5f, g[1], even), fma(-0.5f, g[1], even), g[2]};
  }
  Values weights4(ValueRange g) {
    Value even = mul(-1.0f / 6, add(g[0], g[2])), wide = fma(4, g[2], g[0]);
    Value scaled = mul(1.0f / 24, wide);
    return {mul(0.25f, g[0]),
            fma(-1.0f / 6, g[1], even),
            fma(1.0f / 6, g[1], even),
            fma(1.0f / 12, g[1], scaled),
            fma(-1.0f / 12, g[1], scaled),
            g[2]};
  }
  Values input2(int64_t part, Element d) {
    switch (part) {
    case 0:
      return {sub(d(0), d(2))};
    case 1: {
      Value d1 = d(1), d2 = d(2);
      return {add(d1, d2), sub(d2, d1)};
    }
    default:
      return {sub(d(1), d(3))};
    }
  }
  Values input4(int64_t part, Element d) {
    switch (part) {
    case 0:
      return {fma(4, d(0), fma(-5, d(2), d(4)))};
    case 1: {
      Value a = fma(-4, d(2), d(4)), b = fma(-4, d(1), d(3));
      return {add(a, b), sub(a, b)};
    }
    case 2: {
      Value c = sub(d(4), d(2)), f = sub(d(3), d(1));
      return {fma(2, f, c), fma(-2, f, c)};
    }
    default:
      return {fma(4, d(1), fma(-5, d(3), d(5)))};
    }
  }
  Values input(int64_t tileSize, int64_t part, Element d) {
    return tileSize == 2 ? input2(part, d) : input4(part, d);
  }
  Values output2(ValueRange m) { return {add(add(m[0], m[1]), m[2]), sub(sub(m[1], m[2]), m[3])}; }
  Values output4(ValueRange m) {
    Value s1 = add(m[1], m[2]), d1 = sub(m[1], m[2]), s2 = add(m[3], m[4]), d2 = sub(m[3], m[4]);
    return {add(add(m[0], s1), s2), fma(2, d2, d1), fma(4, s2, s1), add(fma(8, d2, d1), m[5])};
  }

  Values apply(Transform transform, int64_t tileSize, ValueRange line) {
    bool small = tileSize == 2;
    if (transform == Transform::Weights)
      return small ? weights2(line) : weights4(line);
    return small ? output2(line) : output4(line);
  }
};

} // namespace

Values dlc::cpu::emitTransform(Emitter &e, Transform transform, int64_t tileSize,
                               ValueRange square) {
  int64_t from = transform == Transform::Weights ? 3 : tileSize + 2;
  Line line{e};
  SmallVector<Values> columns;
  for (int64_t x = 0; x < from; ++x) {
    Values column;
    for (int64_t y = 0; y < from; ++y)
      column.push_back(square[y * from + x]);
    columns.push_back(line.apply(transform, tileSize, column));
  }
  Values result;
  for (size_t y = 0; y < columns[0].size(); ++y) {
    Values row;
    for (const Values &column : columns)
      row.push_back(column[y]);
    llvm::append_range(result, line.apply(transform, tileSize, row));
  }
  return result;
}

int64_t dlc::cpu::inputParts(int64_t tileSize) { return tileSize == 2 ? 3 : 4; }

int64_t dlc::cpu::firstInputRow(int64_t tileSize, int64_t part) {
  return part == 0 ? 0 : part * 2 - 1;
}

Values dlc::cpu::emitInputColumn(Emitter &e, int64_t tileSize, int64_t part,
                                 function_ref<Value(int64_t)> pixel) {
  return Line{e}.input(tileSize, part, pixel);
}

SmallVector<Values> dlc::cpu::emitInputRows(Emitter &e, int64_t tileSize,
                                            ArrayRef<Values> columns) {
  SmallVector<Values> rows(columns[0].size());
  for (auto [y, row] : llvm::enumerate(rows))
    for (int64_t part = 0; part < inputParts(tileSize); ++part)
      llvm::append_range(row,
                         Line{e}.input(tileSize, part, [&](int64_t x) { return columns[x][y]; }));
  return rows;
}
