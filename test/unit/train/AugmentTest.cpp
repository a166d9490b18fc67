//===- AugmentTest.cpp - random changes of images -----------------------------------===//

#include "tools/train/Augment.h"
#include <gmock/gmock.h>

using namespace dlc::tools::train;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using Pixels = std::vector<float>;

static std::string errorOf(llvm::StringRef text) {
  llvm::Expected<AugmentText> parsed = AugmentText::parse(text);
  if (!parsed)
    return llvm::toString(parsed.takeError());
  Augment augment;
  llvm::Error error = augment.add(*parsed);
  return error ? llvm::toString(std::move(error)) : "";
}

static Pixels changed(llvm::StringRef text, Pixels pixels, int64_t height, int64_t width,
                      int64_t channels, uint64_t seed) {
  Augment augment;
  EXPECT_FALSE(augment.add(llvm::cantFail(AugmentText::parse(text))));
  std::vector<float> scratch;
  augment.apply({pixels.data(), height, width, channels, 1.0}, Counter({seed}), scratch);
  return pixels;
}

TEST(Augment, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(errorOf("RandomFlop"), HasSubstr("there is no augmentation \"RandomFlop\"; there are "
                                               "RandomFlip, RandomCrop"));
  EXPECT_THAT(errorOf("RandomFlip:mode=up"), HasSubstr("\"mode\" must be one of horizontal"));
  EXPECT_THAT(errorOf("RandomCrop"), HasSubstr("\"padding\" must be an integer from 1 to 4096, not "
                                               "missing"));
  EXPECT_THAT(errorOf("RandomCrop:padding=1.5"), HasSubstr("an integer"));
  EXPECT_THAT(errorOf("RandomCrop:size=4"), HasSubstr("has no field \"size\"; it has padding"));
  EXPECT_THAT(errorOf("RandomRotation:factor=2"), HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(errorOf("ColorJitter:brightness"), HasSubstr("write it like RandomCrop:padding=4"));
}

// Over many seeds both outcomes appear, and no third.
TEST(Augment, Flips) {
  int flipped = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Pixels got = changed("RandomFlip:mode=horizontal", {1, 2, 3, 4, 5, 6}, 2, 3, 1, seed);
    bool is = got == Pixels{3, 2, 1, 6, 5, 4};
    EXPECT_TRUE(is || (got == Pixels{1, 2, 3, 4, 5, 6}));
    flipped += is;
  }
  EXPECT_GT(flipped, 70);
  EXPECT_LT(flipped, 130);
}

TEST(Augment, CropsMoveByWholePixels) {
  bool moved = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Pixels got = changed("RandomCrop:padding=1", {0, 0, 0, 0, 5, 0, 0, 0, 0}, 3, 3, 1, seed);
    EXPECT_EQ(std::count(got.begin(), got.end(), 5.0f), 1);
    moved |= got[4] != 5;
  }
  EXPECT_TRUE(moved);
}

TEST(Augment, WarpsKeepEvenImages) {
  for (llvm::StringRef text :
       {"RandomTranslation:height_factor=0.5,width_factor=0.5", "RandomRotation:factor=0.5"})
    for (uint64_t seed = 0; seed < 20; ++seed)
      EXPECT_THAT(changed(text, Pixels(48, 0.5f), 4, 4, 3, seed), Each(testing::FloatEq(0.5f)));
}

TEST(Augment, ChangesColours) {
  EXPECT_THAT(changed("Grayscale", {1, 0, 0}, 1, 1, 3, 1), Each(testing::FloatNear(0.299f, 1e-6f)));
  Pixels got = changed("ColorJitter:brightness=5", {0.25f, 0.5f, 1}, 1, 1, 3, 3);
  for (float value : got) {
    EXPECT_GE(value, 0);
    EXPECT_LE(value, 1);
  }
}

TEST(Augment, DependsOnTheKeyAlone) {
  const char *text = "RandomRotation:factor=0.2";
  Pixels image = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(changed(text, image, 3, 3, 1, 4), changed(text, image, 3, 3, 1, 4));
  EXPECT_NE(changed(text, image, 3, 3, 1, 4), changed(text, image, 3, 3, 1, 5));
}
