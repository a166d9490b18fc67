//===- GaussianProcess.cpp - what to expect where nobody looked ---------------------===//

#include "tools/train/Search.h"
#include <algorithm>
#include <cmath>

using namespace dlc::tools::train;

// Two trainings that differ in their seed alone differ by about this much of the scores' deviation.
static constexpr double kNoise = 1e-2;

GaussianProcess::GaussianProcess(std::vector<Point> thePoints, std::vector<double> theScores)
    : points(std::move(thePoints)), scores(std::move(theScores)) {
  double mean = 0, square = 0;
  for (double score : scores)
    mean += score / scores.size();
  for (double score : scores)
    square += (score - mean) * (score - mean) / scores.size();
  double deviation = std::max(std::sqrt(square), 1e-12);
  for (double &score : scores)
    score = (score - mean) / deviation;
  best = *std::min_element(scores.begin(), scores.end());
  double chosen = 0.3, highest = -INFINITY;
  for (double candidate : {0.1, 0.2, 0.3, 0.5, 0.8, 1.3})
    if (fit(candidate) && likelihood > highest) {
      highest = likelihood;
      chosen = candidate;
    }
  fit(chosen);
}

double GaussianProcess::kernel(const Point &a, const Point &b) const {
  double square = 0;
  for (size_t i = 0; i < a.size(); ++i)
    square += (a[i] - b[i]) * (a[i] - b[i]);
  double r = std::sqrt(5 * square) / length;
  return (1 + r + r * r / 3) * std::exp(-r);
}

// Cholesky's factor of the kernel's matrix, and the logarithm of the scores' likelihood.
bool GaussianProcess::fit(double theLength) {
  length = theLength;
  size_t n = points.size();
  factor.assign(n * n, 0);
  likelihood = 0;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j <= i; ++j) {
      double sum = kernel(points[i], points[j]) + (i == j ? kNoise : 0);
      for (size_t k = 0; k < j; ++k)
        sum -= factor[i * n + k] * factor[j * n + k];
      if (i == j && !(sum > 0))
        return false;
      factor[i * n + j] = i == j ? std::sqrt(sum) : sum / factor[j * n + j];
    }
  weights = scores;
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k)
      weights[i] -= factor[i * n + k] * weights[k];
    weights[i] /= factor[i * n + i];
    likelihood -= 0.5 * weights[i] * weights[i] + std::log(factor[i * n + i]);
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k)
      weights[i] -= factor[k * n + i] * weights[k];
    weights[i] /= factor[i * n + i];
  }
  return true;
}

GaussianProcess::Guess GaussianProcess::at(const Point &point) const {
  size_t n = points.size();
  double mean = 0, variance = 1;
  std::vector<double> solved(n);
  for (size_t i = 0; i < n; ++i) {
    double value = kernel(points[i], point);
    mean += value * weights[i];
    for (size_t k = 0; k < i; ++k)
      value -= factor[i * n + k] * solved[k];
    solved[i] = value / factor[i * n + i];
    variance -= solved[i] * solved[i];
  }
  return {mean, std::sqrt(std::max(variance, 1e-12))};
}

double GaussianProcess::expectedImprovement(const Point &point) const {
  Guess guess = at(point);
  double z = (best - guess.mean) / guess.deviation;
  double density = std::exp(-0.5 * z * z) / std::sqrt(2 * M_PI);
  double below = 0.5 * std::erfc(-z / std::sqrt(2.0));
  return guess.deviation * (z * below + density);
}
