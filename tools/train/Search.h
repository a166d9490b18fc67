//===- Search.h - which numbers of a model train best -------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_SEARCH_H
#define DLC_TOOLS_TRAIN_SEARCH_H

#include "tools/train/Counter.h"
#include "tools/train/Request.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace dlc::tools::train {

/// A number of the model and what it may be: a list, or a range, whose points are numbered 0 to 1.
struct Parameter {
  std::string path;                ///< optimizer.learning_rate
  std::vector<std::string> values; ///< of a list, else empty
  double low = 0, high = 0;
  bool isLogarithmic = false, isInteger = false;

  /// `PATH=8,16,32`, `PATH=0.1:0.9` or `PATH=1e-4:1e-1:log`. A range between integers has integers
  /// only.
  static llvm::Expected<Parameter> parse(llvm::StringRef text);

  /// The number at a place in [0, 1], as JSON writes it.
  std::string at(double place) const;
  /// The place of one of `count` points of a grid; lists have a point for each value.
  double gridPlace(int64_t index, int64_t count) const;
};

/// A place in [0, 1] for each parameter.
using Point = std::vector<double>;

struct Trial {
  Point point;
  std::optional<double> score; ///< smaller is better; none: the training failed
};

/// Proposes points, one at a time. All proposals are functions of the seed and the trials so far.
class Searcher {
public:
  Searcher(Strategy strategy, llvm::ArrayRef<Parameter> parameters, int64_t trials, uint64_t seed);

  /// How many trials there will be: a grid has a fixed number of them.
  int64_t trials() const { return count; }
  Point propose(llvm::ArrayRef<Trial> done) const;

private:
  Point randomPoint(Counter &random) const;
  Point gridPoint(int64_t index) const;
  Point bayesPoint(llvm::ArrayRef<Trial> done) const;

  Strategy strategy;
  llvm::ArrayRef<Parameter> parameters;
  int64_t count;
  uint64_t seed;
  std::vector<int64_t> grid; ///< points of each parameter
};

/// A Gaussian process with a Matern 5/2 kernel: what is to be expected where nobody looked
/// (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1).
class GaussianProcess {
public:
  /// Scores become ones of mean 0 and deviation 1; the length scale is the most likely of a few.
  GaussianProcess(std::vector<Point> points, std::vector<double> scores);

  struct Guess {
    double mean, deviation; ///< in units of the scores' deviation, from their mean
  };
  Guess at(const Point &point) const;
  /// By how much a point is expected to be below the best score (Mockus, 1974).
  double expectedImprovement(const Point &point) const;

private:
  bool fit(double length);
  double kernel(const Point &a, const Point &b) const;

  std::vector<Point> points;
  std::vector<double> scores, factor, weights; ///< factor: lower triangular, row by row
  double length = 1, likelihood = 0, best = 0;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_SEARCH_H
