//===- FeedTest.cpp - batches made ahead --------------------------------------------===//

#include "tools/train/Feed.h"
#include <chrono>
#include <gmock/gmock.h>
#include <thread>

using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

namespace {

/// Images of 6x5 pixels, which augmentation moves and turns.
class FeedTest : public testing::Test {
protected:
  FeedTest() {
    DataSet data;
    data.place = "d";
    data.inputs.push_back(llvm::cantFail(arrayOf("x", DLC_UINT8, {40, 6, 5, 3})));
    data.targets.push_back(llvm::cantFail(arrayOf("y", DLC_INT32, {40})));
    Counter numbers({3});
    for (char &byte : llvm::make_range(data.inputs[0].begin(), data.inputs[0].begin() + 40 * 90))
      byte = char(numbers.uniform(0, 256));
    for (int i = 0; i < 40; ++i)
      reinterpret_cast<int32_t *>(data.targets[0].begin())[i] = i % 7;
    samples = llvm::cantFail(fit(std::move(data), signature, {}));
    for (const char *step : {"RandomFlip:mode=horizontal", "RandomCrop:padding=2"})
      llvm::cantFail(augment.add(llvm::cantFail(AugmentText::parse(step))));
    order = shuffled(viewOf(samples).order, 5, 0);
    for (int64_t first = 0; first < 40; first += 7)
      series.push_back(
          llvm::ArrayRef<int64_t>(order).slice(first, std::min<int64_t>(7, 40 - first)));
  }

  static std::string contentOf(const Batches &batch, int64_t count) {
    return std::string(static_cast<const char *>(batch.getInputs()[0].data), count * 90 * 4) +
           std::string(static_cast<const char *>(batch.getTargets()[0].data), count * 4);
  }

  dlc_tensor_info input{"in", DLC_FLOAT32, 4, {-1, 6, 5, 3}};
  dlc_tensor_info output{"out", DLC_FLOAT32, 2, {-1, 7}};
  dlc_tensor_info target{"out", DLC_INT32, 1, {-1}};
  Signature signature{input, output, target};
  Samples samples;
  Augment augment;
  std::vector<int64_t> order;
  std::vector<llvm::ArrayRef<int64_t>> series;
};

} // namespace

TEST_F(FeedTest, GivesTheSameBitsAsFillingNow) {
  Batches::Random random{&augment, 11, 2};
  const Batches::Random *choices[] = {nullptr, &random};
  for (const Batches::Random *given : choices) {
    BatchPair memory = llvm::cantFail(makeBatchPair(signature, 7));
    Batches alone = llvm::cantFail(Batches::make(signature, 7));
    Feed feed(memory, samples, series, given);
    for (auto [turn, chosen] : llvm::enumerate(series)) {
      const Batches &batch = feed.next();
      alone.fill(samples, chosen, given);
      // What is made meanwhile must not touch it.
      if (turn % 2)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      EXPECT_EQ(contentOf(batch, chosen.size()), contentOf(alone, chosen.size())) << turn;
    }
  }
}

TEST_F(FeedTest, EndsWhereItsUserDoes) {
  Batches::Random random{&augment, 11, 2};
  BatchPair memory = llvm::cantFail(makeBatchPair(signature, 7));
  for (size_t count = 0; count <= series.size(); ++count) {
    Feed feed(memory, samples, series, &random);
    for (size_t i = 0; i < count; ++i)
      feed.next();
  }
  Feed none(memory, samples, {});
}
