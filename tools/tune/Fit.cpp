//===- Fit.cpp - constants that explain measurements --------------------------------===//

#include "tools/tune/Fit.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using schedule::CostTable, schedule::Price, schedule::prices;

namespace {

// Least squares by normal equations: gram * x = moments, of columns whose norm is 1.
struct Equations {
  SmallVector<SmallVector<double>> gram;
  SmallVector<double> moments;
};

using Columns = SmallVector<size_t>;

} // namespace

// Solves for the chosen columns by Cholesky's decomposition; nothing where they depend on each
// other.
static std::optional<SmallVector<double>> solve(const Equations &equations,
                                                const Columns &columns) {
  constexpr double least = 1e-9; // of a pivot: below it a column is a sum of others
  size_t n = columns.size();
  SmallVector<SmallVector<double>> lower(n, SmallVector<double>(n));
  SmallVector<double> x(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = equations.gram[columns[i]][columns[j]];
      for (size_t k = 0; k < j; ++k)
        sum -= lower[i][k] * lower[j][k];
      if (i == j && sum < least)
        return std::nullopt;
      lower[i][j] = i == j ? std::sqrt(sum) : sum / lower[j][j];
    }
    x[i] = equations.moments[columns[i]];
    for (size_t k = 0; k < i; ++k)
      x[i] -= lower[i][k] * x[k];
    x[i] /= lower[i][i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k)
      x[i] -= lower[k][i] * x[k];
    x[i] /= lower[i][i];
  }
  return x;
}

// The best solution without a negative number is the plain one of some columns, and there are few
// choices of columns.
static SmallVector<double> solveNonNegative(const Equations &equations) {
  size_t n = equations.moments.size();
  SmallVector<double> best(n);
  double gained = 0; // squares that the solution explains
  for (size_t choice = 1; choice < size_t(1) << n; ++choice) {
    Columns columns;
    for (size_t i = 0; i < n; ++i)
      if (choice >> i & 1)
        columns.push_back(i);
    std::optional<SmallVector<double>> x = solve(equations, columns);
    if (!x || any_of(*x, [](double value) { return value < 0; }))
      continue;
    double gain = 0;
    for (auto [column, value] : zip_equal(columns, *x))
      gain += value * equations.moments[column];
    if (gain <= gained)
      continue;
    gained = gain;
    best.assign(n, 0);
    for (auto [column, value] : zip_equal(columns, *x))
      best[column] = value;
  }
  return best;
}

// Of samples whose whole work is visible.
static CostTable fitSums(CostTable costs, ArrayRef<Sample> samples) {
  // Each sample divided by its time, each column by its norm.
  SmallVector<Price> sought;
  SmallVector<double> norms;
  for (const Price &price : prices()) {
    double squares = 0;
    for (const Sample &sample : samples)
      squares += std::pow(sample.work.*price.quantity / sample.time, 2);
    if (squares == 0)
      continue;
    sought.push_back(price);
    norms.push_back(std::sqrt(squares));
  }
  size_t n = sought.size();
  Equations equations = {SmallVector<SmallVector<double>>(n, SmallVector<double>(n)),
                         SmallVector<double>(n)};
  for (const Sample &sample : samples) {
    SmallVector<double> row;
    for (auto [price, norm] : zip_equal(sought, norms))
      row.push_back(sample.work.*price.quantity / sample.time / norm);
    for (size_t i = 0; i < n; ++i) {
      equations.moments[i] += row[i];
      for (size_t j = 0; j < n; ++j)
        equations.gram[i][j] += row[i] * row[j];
    }
  }
  for (auto [price, norm, value] : zip_equal(sought, norms, solveNonNegative(equations)))
    costs.*price.time = value / norm;
  return costs;
}

// What is visible depends on the times that are sought: from those of one step to the next.
CostTable tools::fitCosts(CostTable costs, ArrayRef<Sample> samples) {
  constexpr int steps = 50; // a few settle it
  CostTable best = costs;
  for (int step = 0; step < steps; ++step) {
    std::vector<Sample> visible;
    for (const Sample &sample : samples)
      visible.push_back({schedule::visibleWork(costs, sample.work), sample.time});
    costs = fitSums(costs, visible);
    if (errorOf(costs, samples) < errorOf(best, samples))
      best = costs;
  }
  return best;
}

double tools::errorOf(const CostTable &costs, ArrayRef<Sample> samples) {
  double squares = 0;
  for (const Sample &sample : samples)
    squares += std::pow(schedule::timeOf(costs, sample.work) / sample.time - 1, 2);
  return std::sqrt(squares / std::max<size_t>(samples.size(), 1));
}
