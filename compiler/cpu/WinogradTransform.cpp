//===- WinogradTransform.cpp - the transforms of F(m x m, r x r) --------------------===//
//
// Along one dimension the outputs are coefficients of a product of polynomials, found from its
// values at 0, at pairs +p and -p, and at infinity (the algorithm of Toom and Cook; Lavin and Gray,
// "Fast Algorithms for Convolutional Neural Networks", 2015). With Q(y) the product of (y - p^2) of
// all pairs, and Q_p that without the pair p:
//
//   at     input d                                   weights g                   outputs of m
//   0      Q of d0, d2, ...                          g0 / Q(0)                   0: counts once
//   +-p    Q_p of d2, d4, ... +- p Q_p of d1, d3...  g(+-p) / (2 p^2 Q_p(p^2))   i: times (+-p)^i
//   inf    Q of d1, d3, ...                          the last tap                last: counts once
//
// where "Q of" are Q's coefficients times values. The two of a pair share their sums. An odd number
// of points has no 0:
//
//   +-p    Q_p of d0, d2... +- 1/p Q_p of d1, d3...  g(+-p) / (2 Q_p(p^2))       i: times (+-p)^i
//   inf    Q of d0, d2, ...                          the last tap                last: counts once
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/WinogradTransform.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <cmath>

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::WinogradForm;
using Values = Emitter::Values;

// The fewer the digits of the points and of their powers, the smaller are errors.
static ArrayRef<double> pairsOf(WinogradForm form) {
  static constexpr double pairs[] = {1, 2, 0.5}, pairsOfOdd[] = {1, 0.5};
  return form.side() % 2 ? ArrayRef(pairsOfOdd).take_front(form.side() / 2)
                         : ArrayRef(pairs).take_front(form.side() / 2 - 1);
}

// How many points come before the pairs: the point 0, or none.
static int64_t zerosOf(WinogradForm form) { return form.side() % 2 ? 0 : 1; }

// Coefficients, of y^0 first, of the product of (y - p^2) of all pairs but `skipped`.
static SmallVector<double> productOfPairs(WinogradForm form, double skipped = 0) {
  SmallVector<double> product = {1};
  for (double pair : pairsOf(form)) {
    if (pair == skipped)
      continue;
    product.insert(product.begin(), 0);
    for (size_t i = 0; i + 1 < product.size(); ++i)
      product[i] -= pair * pair * product[i + 1];
  }
  return product;
}

// G's divisor at a pair.
static double divisorOf(WinogradForm form, double pair) {
  double value = 0;
  for (auto [power, coefficient] : llvm::enumerate(productOfPairs(form, pair)))
    value += coefficient * std::pow(pair, 2.0 * power);
  return 2 * (zerosOf(form) ? pair * pair : 1) * value;
}

namespace {

// One dimension.
class Line {
public:
  using Element = function_ref<Value(int64_t)>;

  Line(Emitter &e, WinogradForm form) : e(e), form(form) {}

  Values weights(Element tap);
  Values input(int64_t part, Element pixel);
  Values outputs(ArrayRef<int64_t> rows, Element point);

private:
  struct Term {
    double factor;
    Value value;
  };

  Value fma(double factor, Value a, Value b) {
    if (factor == 1)
      return arith::AddFOp::create(e.builder, e.loc, a, b);
    if (factor == -1)
      return arith::SubFOp::create(e.builder, e.loc, b, a);
    return vector::FMAOp::create(e.builder, e.loc, e.splat(factor), a, b);
  }

  Value scale(double factor, Value a) {
    return arith::MulFOp::create(e.builder, e.loc, e.splat(factor), a);
  }

  // Begins with a term that needs no product.
  Value sum(SmallVector<Term> terms) {
    auto plain = llvm::find_if(terms, [](Term term) { return term.factor == 1; });
    std::rotate(terms.begin(), plain, plain == terms.end() ? plain : plain + 1);
    Value total = plain == terms.end() ? scale(terms[0].factor, terms[0].value) : terms[0].value;
    for (Term term : llvm::drop_begin(terms))
      total = fma(term.factor, term.value, total);
    return total;
  }

  // A polynomial in y on the elements `first`, `first` + 2, ...
  Value polynomial(ArrayRef<double> coefficients, int64_t first, Element element) {
    SmallVector<Term> terms;
    for (size_t i = coefficients.size(); i-- > 0;)
      terms.push_back({coefficients[i], element(first + 2 * i)});
    return sum(terms);
  }

  Emitter &e;
  WinogradForm form;
};

} // namespace

Values Line::weights(Element tap) {
  Values points;
  if (zerosOf(form))
    points.push_back(scale(1 / productOfPairs(form)[0], tap(0)));
  for (double pair : pairsOf(form)) {
    SmallVector<double> even, odd; // powers of p^2
    for (int64_t k = 0; k < form.taps(); ++k)
      (k % 2 ? odd : even).push_back(std::pow(pair, k / 2 * 2));
    double divisor = divisorOf(form, pair);
    Value evenSum = scale(1 / divisor, polynomial(even, 0, tap)), oddSum = polynomial(odd, 1, tap);
    for (double point : {pair, -pair})
      points.push_back(fma(point / divisor, oddSum, evenSum));
  }
  points.push_back(tap(form.taps() - 1));
  return points;
}

Values Line::input(int64_t part, Element pixel) {
  int64_t zeros = zerosOf(form);
  if (part < zeros)
    return {polynomial(productOfPairs(form), 0, pixel)};
  if (part == form.side() / 2)
    return {polynomial(productOfPairs(form), zeros, pixel)};
  double pair = pairsOf(form)[part - zeros], factor = zeros ? pair : 1 / pair;
  SmallVector<double> others = productOfPairs(form, pair);
  Value even = polynomial(others, 2 * zeros, pixel), odd = polynomial(others, 1, pixel);
  return {fma(factor, odd, even), fma(-factor, odd, even)};
}

Values Line::outputs(ArrayRef<int64_t> rows, Element point) {
  Values loaded(form.side());
  auto at = [&](int64_t i) { return loaded[i] ? loaded[i] : loaded[i] = point(i); };
  // Rows of one parity add the points of a pair or subtract them.
  SmallVector<SmallVector<Value>> pairSums(2);
  for (int64_t odd : {0, 1})
    if (llvm::any_of(rows, [&](int64_t row) { return row % 2 == odd; }))
      for (size_t i = 0; i < pairsOf(form).size(); ++i) {
        int64_t first = zerosOf(form) + 2 * i;
        Value plus = at(first), minus = at(first + 1);
        pairSums[odd].push_back(fma(odd ? -1 : 1, minus, plus));
      }
  Values outputs;
  for (int64_t row : rows) {
    SmallVector<Term> terms;
    if (row < zerosOf(form))
      terms.push_back({1, at(0)});
    for (auto [pair, value] : llvm::zip_equal(pairsOf(form), pairSums[row % 2]))
      terms.push_back({std::pow(pair, row), value});
    if (row == form.tile - 1)
      terms.push_back({1, at(form.side() - 1)});
    outputs.push_back(sum(terms));
  }
  return outputs;
}

// Applies `line` to columns, then to the rows of the results.
static SmallVector<Values> transform(int64_t columns, function_ref<Values(int64_t)> column,
                                     function_ref<Values(Line::Element)> row) {
  SmallVector<Values> results;
  for (int64_t x = 0; x < columns; ++x)
    results.push_back(column(x));
  SmallVector<Values> rows;
  for (size_t y = 0; y < results[0].size(); ++y)
    rows.push_back(row([&](int64_t x) { return results[x][y]; }));
  return rows;
}

Values dlc::cpu::emitWeightPoints(Emitter &e, WinogradForm form, ValueRange taps) {
  Line line(e, form);
  auto column = [&](int64_t x) {
    return line.weights([&](int64_t y) { return taps[y * form.taps() + x]; });
  };
  auto row = [&](Line::Element element) { return line.weights(element); };
  Values points;
  for (const Values &values : transform(form.taps(), column, row))
    llvm::append_range(points, values);
  return points;
}

int64_t dlc::cpu::inputParts(WinogradForm form, int64_t pixels) {
  return form.side() / 2 + (pixels == form.side());
}

int64_t dlc::cpu::firstInputRow(WinogradForm form, int64_t part) {
  return std::max<int64_t>(2 * part - zerosOf(form), 0);
}

int64_t dlc::cpu::pointOfOnes(WinogradForm form) { return zerosOf(form) * (form.side() + 1); }

Values dlc::cpu::emitInputColumn(Emitter &e, WinogradForm form, int64_t part,
                                 function_ref<Value(int64_t)> pixel) {
  return Line(e, form).input(part, pixel);
}

SmallVector<Values> dlc::cpu::emitInputRows(Emitter &e, WinogradForm form,
                                            ArrayRef<Values> columns) {
  Line line(e, form);
  auto row = [&](Line::Element element) {
    Values points;
    for (int64_t part = 0; part < inputParts(form, columns.size()); ++part)
      llvm::append_range(points, line.input(part, element));
    return points;
  };
  return transform(columns.size(), [&](int64_t x) { return columns[x]; }, row);
}

SmallVector<SmallVector<int64_t>> dlc::cpu::outputParts(WinogradForm form) {
  // Even rows need the sums of pairs alone, odd ones the differences.
  constexpr int64_t registers = 32;
  SmallVector<SmallVector<int64_t>> parts(form.tile * form.side() < registers ? 1 : 2);
  for (int64_t row = 0; row < form.tile; ++row)
    parts[row % parts.size()].push_back(row);
  return parts;
}

SmallVector<Values> dlc::cpu::emitOutputRows(Emitter &e, WinogradForm form, ArrayRef<int64_t> rows,
                                             function_ref<Value(int64_t)> point) {
  Line line(e, form);
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq(form.tile));
  auto column = [&](int64_t x) {
    return line.outputs(rows, [&](int64_t y) { return point(y * form.side() + x); });
  };
  return transform(form.side(), column,
                   [&](Line::Element element) { return line.outputs(all, element); });
}

Values dlc::cpu::emitOutputLine(Emitter &e, WinogradForm form, function_ref<Value(int64_t)> point) {
  return Line(e, form).outputs(llvm::to_vector(llvm::seq(form.tile)), point);
}
