//===- SearchTest.cpp - which numbers to try ----------------------------------------===//

#include "tools/train/Search.h"
#include <cmath>
#include <gmock/gmock.h>

using namespace dlc::tools::train;
using testing::ElementsAre;
using testing::HasSubstr;

static Parameter parameter(llvm::StringRef text) { return llvm::cantFail(Parameter::parse(text)); }

static std::string errorOf(llvm::StringRef text) {
  llvm::Expected<Parameter> parsed = Parameter::parse(text);
  return parsed ? "" : llvm::toString(parsed.takeError());
}

TEST(Parameter, ReadsListsAndRanges) {
  EXPECT_THAT(parameter("a.b=8,16, 32").values, ElementsAre("8", "16", "32"));
  EXPECT_EQ(parameter("a=8,16").at(0.5), "16");
  EXPECT_EQ(parameter("a=8,16").at(1), "16");
  Parameter rate = parameter("r=1e-4:1e-2:log");
  EXPECT_EQ(rate.at(0.5), "0.001");
  EXPECT_EQ(rate.at(1), "0.01");
  EXPECT_EQ(parameter("r=1:4").at(0.5), "3");
  EXPECT_EQ(parameter("r=1.0:4").at(0.5), "2.5");
}

TEST(Parameter, RefusesOthers) {
  for (const char *text : {"a", "=1", "a=", "a=x", "a=1,x", "a=1:2:3", "a=1:x", "a=nan,1"})
    EXPECT_THAT(errorOf(text), HasSubstr("write it like optimizer.learning_rate=")) << text;
  EXPECT_THAT(errorOf("a=2:1"), HasSubstr("low end"));
  EXPECT_THAT(errorOf("a=0:1:log"), HasSubstr("above 0"));
}

TEST(Search, GridsTakeEveryPoint) {
  std::vector<Parameter> parameters = {parameter("a=1,2"), parameter("b=0.0:1")};
  Searcher searcher(Strategy::Grid, parameters, 6, 1);
  ASSERT_EQ(searcher.trials(), 6);
  std::vector<Trial> trials;
  std::vector<std::string> seen;
  for (int i = 0; i < 6; ++i) {
    Point point = searcher.propose(trials);
    seen.push_back(parameters[0].at(point[0]) + " " + parameters[1].at(point[1]));
    trials.push_back({point, 0});
  }
  EXPECT_THAT(seen, ElementsAre("1 0", "1 0.5", "1 1", "2 0", "2 0.5", "2 1"));
}

TEST(Search, ProcessesPassThroughWhatTheySaw) {
  GaussianProcess process({{0.1}, {0.5}, {0.9}}, {1, 0, 1});
  EXPECT_LT(process.at({0.5}).mean, process.at({0.1}).mean);
  EXPECT_NEAR(process.at({0.1}).mean, process.at({0.9}).mean, 1e-9);
  EXPECT_LT(process.at({0.5}).deviation, 0.2);
  EXPECT_GT(process.at({0.3}).deviation, process.at({0.5}).deviation);
}

static double bestOf(Strategy strategy, uint64_t seed) {
  std::vector<Parameter> parameters = {parameter("a=0.0:1"), parameter("b=0.0:1")};
  Searcher searcher(strategy, parameters, 25, seed);
  std::vector<Trial> trials;
  double best = INFINITY;
  for (int i = 0; i < 25; ++i) {
    Point p = searcher.propose(trials);
    double score = std::pow(p[0] - 0.73, 2) + std::pow(p[1] - 0.21, 2);
    best = std::min(best, score);
    trials.push_back({p, score});
  }
  return best;
}

// On a smooth function in two dimensions a model of it finds the minimum; chance does not.
TEST(Search, BayesFindsMinimaThatChanceDoesNot) {
  int better = 0;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    double found = bestOf(Strategy::Bayes, seed);
    EXPECT_LT(found, 2e-3) << seed;
    better += found < bestOf(Strategy::Random, seed);
  }
  EXPECT_GE(better, 8);
}
