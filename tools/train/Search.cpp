//===- Search.cpp - which numbers of a model train best -----------------------------===//

#include "tools/train/Search.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

static Error badParameter(StringRef text, const Twine &reason) {
  return createStringError("--param '" + printable(text) + "': " + reason +
                           "; write it like optimizer.learning_rate=1e-4:1e-1:log, or "
                           "layers.c1.filters=8,16,32");
}

static bool isNumber(StringRef text) {
  double value;
  return !text.empty() && !text.getAsDouble(value) && std::isfinite(value) &&
         (isDigit(text.front()) || (text.front() == '-' && text.size() > 1 && isDigit(text[1])));
}

static bool isInteger(StringRef text) {
  int64_t value;
  return !text.getAsInteger(10, value);
}

Expected<Parameter> Parameter::parse(StringRef text) {
  Parameter parameter;
  auto [path, range] = text.split('=');
  parameter.path = path.trim().str();
  range = range.trim();
  if (parameter.path.empty() || range.empty())
    return badParameter(text, "it needs a path and its values");
  SmallVector<StringRef> parts;
  if (!range.contains(':')) {
    range.split(parts, ',');
    for (StringRef part : parts) {
      if (!isNumber(part.trim()))
        return badParameter(text, "\"" + printable(part) + "\" is no number");
      parameter.values.push_back(part.trim().str());
    }
    return parameter;
  }
  range.split(parts, ':');
  if (parts.size() > 3 || (parts.size() == 3 && parts[2] != "log") || !isNumber(parts[0]) ||
      !isNumber(parts[1]))
    return badParameter(text, "a range is LOW:HIGH or LOW:HIGH:log");
  (void)parts[0].getAsDouble(parameter.low);
  (void)parts[1].getAsDouble(parameter.high);
  parameter.isLogarithmic = parts.size() == 3;
  parameter.isInteger = ::isInteger(parts[0]) && ::isInteger(parts[1]);
  if (!(parameter.low < parameter.high))
    return badParameter(text, "the low end of a range must be below the high end");
  if (parameter.isLogarithmic && parameter.low <= 0)
    return badParameter(text, "a logarithmic range must be above 0");
  return parameter;
}

std::string Parameter::at(double place) const {
  if (!values.empty())
    return values[std::min<size_t>(place * values.size(), values.size() - 1)];
  double value = isLogarithmic ? low * std::pow(high / low, place) : low + (high - low) * place;
  std::string text;
  raw_string_ostream os(text);
  if (isInteger)
    os << int64_t(std::llround(value));
  else
    os << format("%.6g", value);
  return text;
}

double Parameter::gridPlace(int64_t index, int64_t points) const {
  if (!values.empty())
    return (index + 0.5) / values.size();
  return points == 1 ? 0.5 : double(index) / (points - 1);
}

//===----------------------------------------------------------------------===//
// Proposals
//===----------------------------------------------------------------------===//

// A grid has as many points of each range as `trials` leaves room for.
Searcher::Searcher(Strategy strategy, ArrayRef<Parameter> parameters, int64_t trials, uint64_t seed)
    : strategy(strategy), parameters(parameters), count(trials), seed(seed) {
  if (strategy != Strategy::Grid)
    return;
  int64_t ofLists = 1, ranges = 0;
  for (const Parameter &parameter : parameters) {
    ofLists *= std::max<size_t>(parameter.values.size(), 1);
    ranges += parameter.values.empty();
  }
  int64_t ofRange =
      ranges ? std::max<int64_t>(2, std::pow(double(trials) / ofLists, 1.0 / ranges) + 1e-9) : 1;
  count = 1;
  for (const Parameter &parameter : parameters) {
    grid.push_back(parameter.values.empty() ? ofRange : parameter.values.size());
    count *= grid.back();
  }
}

Point Searcher::randomPoint(Counter &random) const {
  Point point;
  for ([[maybe_unused]] const Parameter &parameter : parameters)
    point.push_back(random.uniform());
  return point;
}

Point Searcher::gridPoint(int64_t index) const {
  Point point(parameters.size());
  for (size_t i = parameters.size(); i-- > 0; index /= grid[i])
    point[i] = parameters[i].gridPlace(index % grid[i], grid[i]);
  return point;
}

// The most promising of many random points, some of them near the best one.
Point Searcher::bayesPoint(ArrayRef<Trial> done) const {
  constexpr size_t kFirst = 5, kCandidates = 2048;
  Counter random({seed, done.size()});
  std::vector<Point> points;
  std::vector<double> scores;
  for (const Trial &trial : done)
    if (trial.score && std::isfinite(*trial.score)) {
      points.push_back(trial.point);
      scores.push_back(*trial.score);
    }
  if (points.size() < kFirst)
    return randomPoint(random);
  Point best = points[std::min_element(scores.begin(), scores.end()) - scores.begin()];
  GaussianProcess process(std::move(points), std::move(scores));
  Point chosen;
  double highest = -1;
  for (size_t i = 0; i < kCandidates; ++i) {
    Point candidate = randomPoint(random);
    if (i % 4 == 0)
      for (size_t k = 0; k < candidate.size(); ++k)
        candidate[k] = std::clamp(best[k] + 0.2 * (candidate[k] - 0.5), 0.0, 1.0);
    if (double gain = process.expectedImprovement(candidate); gain > highest) {
      highest = gain;
      chosen = candidate;
    }
  }
  return chosen;
}

Point Searcher::propose(ArrayRef<Trial> done) const {
  if (strategy == Strategy::Grid)
    return gridPoint(done.size());
  if (strategy == Strategy::Bayes)
    return bayesPoint(done);
  Counter random({seed, done.size()});
  return randomPoint(random);
}
