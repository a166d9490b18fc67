//===- FitTest.cpp - constants that explain measurements ----------------------------===//

#include "tools/tune/Fit.h"
#include <gtest/gtest.h>
#include <random>

using namespace dlc;
using namespace dlc::tools;
using namespace dlc::schedule;

namespace {

const TargetFacts facts = *lookupTarget("x86-64-v4");

// What layers would take if the model were exact.
std::vector<Sample> samplesOf(const CostTable &costs) {
  std::vector<Sample> samples;
  for (auto [size, channels, filters] :
       {std::array<int64_t, 3>{56, 64, 64}, {28, 128, 128}, {28, 32, 32}, {14, 256, 256},
        {14, 96, 208}, {14, 512, 512}, {7, 512, 512}, {7, 128, 32}})
    for (int64_t m : kForms) {
      FormWork work = workOf(facts, {size, size, size, size, 1, 1, channels, filters, 3}, m);
      samples.push_back({work, timeOf(costs, work)});
    }
  return samples;
}

CostTable tableOf(double direct, double product, double vector, double byte, double launch) {
  return {facts.costs.l2, facts.costs.l3, direct, product, vector, byte, launch};
}

void expectNear(const CostTable &got, const CostTable &want, double relative) {
  for (const CostField &field : costFields())
    EXPECT_NEAR(got.*field.member, want.*field.member, relative * want.*field.member)
        << field.name.str();
}

} // namespace

TEST(FitTest, RecoversTheConstantsThatMadeTheTimes) {
  for (const CostTable &costs : {tableOf(1, 1, 5, 0.2, 2000), tableOf(1.3, 0.8, 20, 0.01, 500),
                                 tableOf(0.9, 1.5, 3, 1.5, 10000)}) {
    std::vector<Sample> samples = samplesOf(costs);
    CostTable fit = fitCosts(facts.costs, samples);
    expectNear(fit, costs, 1e-6);
    EXPECT_LT(errorOf(fit, samples), 1e-9);
  }
}

TEST(FitTest, StaysNearWhereTimesAreDisturbed) {
  CostTable costs = tableOf(1, 1, 5, 0.2, 2000);
  std::vector<Sample> samples = samplesOf(costs);
  std::mt19937 random(1);
  for (Sample &sample : samples)
    sample.time *= 1 + (random() % 1000) * 2e-5; // up to 2 %
  CostTable fit = fitCosts(facts.costs, samples);
  expectNear(fit, costs, 0.2);
  EXPECT_LT(errorOf(fit, samples), 0.01);
}

TEST(FitTest, NoConstantIsNegative) {
  std::vector<Sample> samples = samplesOf(tableOf(1, 1, 5, 0.2, 0));
  for (Sample &sample : samples)
    sample.time = std::max(sample.time - 5000, 100.0); // as if a launch gave time back
  CostTable fit = fitCosts(facts.costs, samples);
  for (const CostField &field : costFields())
    EXPECT_GE(fit.*field.member, 0) << field.name.str();
}

TEST(FitTest, KeepsThePriceOfWhatNoSampleContains) {
  std::vector<Sample> samples = samplesOf(tableOf(1, 1, 5, 0.2, 2000));
  std::erase_if(samples, [](const Sample &sample) { return sample.work.product > 0; });
  CostTable fit = fitCosts(tableOf(3, 4, 6, 0.7, 8), samples);
  EXPECT_EQ(fit.product, 4);
  EXPECT_EQ(fit.vector, 6);
  EXPECT_NEAR(fit.direct, 1, 1e-6);
  expectNear(fitCosts(facts.costs, {}), facts.costs, 0);
}
