//===- WriteTest.cpp - reports as text, JSON and HTML -------------------------------===//

#include "tools/report/Write.h"
#include "tools/report/Svg.h"
#include "llvm/Support/JSON.h"
#include <gmock/gmock.h>

using namespace dlc;
using namespace dlc::tools;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Two layers in three launches: Winograd's gemm and output, and an activation of its own.
static Report makeSample() {
  Report report;
  report.model = "a<b>";
  report.batch = 2;
  report.layers = {{"c1", "Conv2D", 100, 0}, {"r1", "ReLU", 10, 0}};
  Launch gemm{{"c1"}, "winograd f4 gemm 7x2", {0, 60}, {64, 32}, {}};
  Launch output{{"c1"},
                "winograd f4 output",
                {0, 20},
                {0, 32},
                {{"direct", 4000}, {"f2", 3000}, {"f4", 2000}}};
  Launch relu{{"r1"}, "linalg.generic (maximumf)", {0, 10}, {0, 16}, {}};
  report.plan = {"native", {gemm, output, relu}, {{{"c1"}, true, 0, 1024, 0, 1}}, {0, 1024}, 64};
  report.errors = {{{"c1"}, 1e-6, 2e-6, 3}};
  return report;
}

static Report makeMeasured() {
  Report report = makeSample();
  report.times = {{3e-6, 1e-6, 1e-6}, 5e-6, 11};
  report.machine = {0.1, 10};
  return report;
}

static std::string write(void (*writer)(llvm::raw_ostream &, const Report &),
                         const Report &report) {
  std::string text;
  llvm::raw_string_ostream os(text);
  writer(os, report);
  return text;
}

TEST(Groups, GatherTheLaunchesOfLayers) {
  Report report = makeMeasured();
  std::vector<Group> groups = groupsOf(report);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_THAT(groups[0].launches, ElementsAre(0, 1));
  EXPECT_EQ(groups[0].kernel, "winograd f4 gemm 7x2");
  EXPECT_EQ(groups[0].flops, 200);
  EXPECT_EQ(groups[0].executed, 160);
  EXPECT_EQ(groups[0].bytes, 64 + 2 * 64);
  EXPECT_DOUBLE_EQ(groups[0].seconds, 4e-6);
  ASSERT_TRUE(groups[0].error);
  EXPECT_EQ(groups[0].error->largest, 2e-6);
  EXPECT_EQ(reasonOf(groups[0]), "F(4x4): expected 2 kcycles direct, 2 by F(2x2), 1 by F(4x4)");
  EXPECT_EQ(reasonOf(groups[1]), "");
}

TEST(Groups, WithoutLayersCountWhatKernelsDo) {
  Report report = makeSample();
  report.layers.clear();
  EXPECT_EQ(groupsOf(report)[0].flops, 160);
}

TEST(Text, TellsTimesOrWhyThereAreNone) {
  EXPECT_THAT(write(writeText, makeMeasured()), HasSubstr("0.005 ms, median of 11 calls"));
  Report report = makeSample();
  report.unmeasured = "this machine lacks avx512f";
  std::string text = write(writeText, report);
  EXPECT_THAT(text, HasSubstr("not measured: this machine lacks avx512f"));
  EXPECT_THAT(text, Not(HasSubstr("median")));
}

TEST(Json, IsOneObject) {
  for (const Report &report : {makeSample(), makeMeasured()}) {
    llvm::Expected<llvm::json::Value> value = llvm::json::parse(write(writeJson, report));
    ASSERT_TRUE(bool(value)) << llvm::toString(value.takeError());
    const llvm::json::Object &object = *value->getAsObject();
    EXPECT_EQ(object.getString("name"), "a<b>");
    EXPECT_EQ(object.getArray("launches")->size(), 3u);
    EXPECT_EQ(object.getArray("groups")->size(), 2u);
    EXPECT_EQ(bool(object.getNumber("median_seconds")), !report.times.launches.empty());
  }
}

TEST(Html, EscapesNamesAndFetchesNothing) {
  std::string page = write(writeHtml, makeMeasured());
  EXPECT_THAT(page, HasSubstr("<title>a&lt;b&gt; - dlc report</title>"));
  EXPECT_THAT(page, HasSubstr("Roofline"));
  for (const char *word : {"<script", "http", "src=", "nan", "inf\""})
    EXPECT_THAT(page, Not(HasSubstr(word)));
}

TEST(Html, LeavesOutWhatWasNotMeasured) {
  Report report = makeSample();
  report.unmeasured = "no <such> CPU";
  std::string page = write(writeHtml, report);
  EXPECT_THAT(page, HasSubstr("no &lt;such&gt; CPU"));
  EXPECT_THAT(page, Not(HasSubstr("Roofline")));
  EXPECT_THAT(page, HasSubstr("Memory"));
}

TEST(Kinds, ColourKernels) {
  EXPECT_EQ(kindOf("conv 14x2 rows first"), "conv");
  EXPECT_EQ(kindOf("winograd f2 input"), "winograd");
  EXPECT_EQ(kindOf("unpack image"), "move");
  EXPECT_EQ(kindOf("linalg.fill"), "move");
  EXPECT_EQ(kindOf("avg pool"), "pool");
  EXPECT_EQ(kindOf("linalg.generic (addf)"), "other");
}
