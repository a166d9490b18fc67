//===- FitTest.cpp - a data set as a model takes it ---------------------------------===//

#include "tools/train/Batches.h"
#include "tools/train/Convert.h"
#include <gmock/gmock.h>

using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;
using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;
using testing::Pointwise;

static Array bytes(std::vector<int64_t> shape, std::vector<int> values) {
  llvm::Expected<Array> array = train::arrayOf("x", DLC_UINT8, shape);
  for (size_t i = 0; i < values.size(); ++i)
    array->begin()[i] = values[i];
  return std::move(*array);
}

static Array floats(std::vector<int64_t> shape, std::vector<float> values) {
  llvm::Expected<Array> array = train::arrayOf("x", DLC_FLOAT32, shape);
  std::copy(values.begin(), values.end(), reinterpret_cast<float *>(array->begin()));
  return std::move(*array);
}

static DataSet dataOf(Array inputs, Array targets) {
  DataSet data;
  data.place = "d";
  data.inputs.push_back(std::move(inputs));
  data.targets.push_back(std::move(targets));
  return data;
}

namespace {

// A model of one input and one output "out" of two classes.
struct Model {
  dlc_tensor_info input{"in", DLC_FLOAT32, 3, {-1, 2, 1}};
  dlc_tensor_info output{"out", DLC_FLOAT32, 2, {-1, 2}};
  dlc_tensor_info target{"out", DLC_INT32, 1, {-1}};
  Signature signature() const { return {input, output, target}; }
};

} // namespace

static Samples fitted(DataSet data, const Model &model, FitOptions options = {}) {
  llvm::Expected<Samples> samples = fit(std::move(data), model.signature(), options);
  EXPECT_TRUE(bool(samples)) << llvm::toString(samples.takeError());
  return std::move(*samples);
}

static std::string errorOf(DataSet data, const Model &model) {
  llvm::Expected<Samples> samples = fit(std::move(data), model.signature(), {});
  return samples ? "fits" : llvm::toString(samples.takeError());
}

static std::vector<float> batchOf(const Model &model, const Samples &samples,
                                  std::vector<int64_t> chosen) {
  llvm::Expected<Batches> batches = Batches::make(model.signature(), chosen.size());
  batches->fill(samples, chosen);
  const float *data = static_cast<const float *>(batches->getInputs()[0].data);
  return {data, data + chosen.size() * samples.inputs[0].elements};
}

TEST(Fit, ScalesBytesAndGathersSamples) {
  Model model;
  Samples samples = fitted(dataOf(bytes({2, 2}, {0, 255, 51, 102}), bytes({2}, {1, 0})), model);
  EXPECT_THAT(batchOf(model, samples, {1, 0}), Pointwise(FloatEq(), {0.2f, 0.4f, 0.0f, 1.0f}));
  EXPECT_EQ(labelOf(samples.targets[0], 0), 1);
  samples = fitted(dataOf(bytes({1, 2}, {3, 4}), bytes({1}, {1})), model, {2.0, Resize::No});
  EXPECT_THAT(batchOf(model, samples, {0}), ElementsAre(6, 8));
}

// Channels first are not taken for a wide image of many channels.
TEST(Fit, RefusesImagesInAnotherOrder) {
  Model model;
  model.input = {"in", DLC_FLOAT32, 4, {-1, 4, 4, 3}};
  EXPECT_THAT(errorOf(dataOf(bytes({1, 3, 4, 4}, std::vector<int>(48)), bytes({1}, {0})), model),
              HasSubstr("is [4, 4, 3]; images are read as [height, width, channels]"));
}

TEST(Fit, PutsImagesInTheModelsOrder) {
  Model model;
  model.input = {"in", DLC_FLOAT32, 4, {-1, 3, 1, 2}};
  Array image = floats({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
  Samples samples = fitted(dataOf(std::move(image), bytes({1}, {0})), model);
  EXPECT_THAT(batchOf(model, samples, {0}), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Fit, ChangesChannelsAndSizes) {
  Model model;
  model.input = {"in", DLC_FLOAT32, 4, {-1, 1, 2, 3}};
  Samples samples = fitted(dataOf(floats({1, 1, 2}, {1, 2}), bytes({1}, {0})), model);
  EXPECT_THAT(batchOf(model, samples, {0}), ElementsAre(1, 1, 1, 2, 2, 2));
  model.input = {"in", DLC_FLOAT32, 4, {-1, 3, 3, 1}};
  auto one = [] { return dataOf(floats({1, 1, 1, 1}, {5}), bytes({1}, {0})); };
  EXPECT_THAT(errorOf(one(), model), HasSubstr("its samples are [1, 1, 1]; the model's input "
                                               "\"in\" is [3, 3, 1]; --resize pad"));
  EXPECT_THAT(batchOf(model, fitted(one(), model, {{}, Resize::Pad}), {0}),
              ElementsAre(0, 0, 0, 0, 5, 0, 0, 0, 0));
  model.input = {"in", DLC_FLOAT32, 4, {-1, 1, 4, 1}};
  auto two = [] { return dataOf(floats({1, 1, 2, 1}, {0, 4}), bytes({1}, {0})); };
  EXPECT_THAT(batchOf(model, fitted(two(), model, {{}, Resize::Bilinear}), {0}),
              ElementsAre(0, 1, 3, 4));
  model.input = {"in", DLC_FLOAT32, 4, {-1, 1, 1, 1}};
  auto three = [] { return dataOf(floats({1, 1, 3, 1}, {1, 2, 3}), bytes({1}, {0})); };
  EXPECT_THAT(batchOf(model, fitted(three(), model, {{}, Resize::Pad}), {0}), ElementsAre(2));
}

TEST(Fit, RefusesWhatDoesNotFit) {
  Model model;
  EXPECT_THAT(errorOf(dataOf(bytes({1, 3}, {1, 2, 3}), bytes({1}, {0})), model),
              HasSubstr("its samples are [3]; the model's input \"in\" is [2, 1]"));
  EXPECT_THAT(errorOf(dataOf(bytes({1, 2}, {1, 2}), bytes({1}, {2})), model),
              HasSubstr("sample 0 has the label 2; the output \"out\" has 2 values: labels are 0 "
                        "to 1"));
  EXPECT_THAT(errorOf(dataOf(bytes({1, 2}, {1, 2}), floats({1}, {1e30f})), model),
              HasSubstr("sample 0 has the label 1.00000002e+30; the output"));
  EXPECT_THAT(errorOf(dataOf(bytes({1, 2}, {1, 2}), floats({1}, {0.5})), model),
              HasSubstr("the model's loss takes labels that are integers"));
  EXPECT_THAT(errorOf(dataOf(floats({1, 2}, {1, NAN}), bytes({1}, {0})), model),
              HasSubstr("sample 0 has a value that is not a number"));
  EXPECT_THAT(errorOf(dataOf(bytes({1, 2}, {1, 2}), floats({1, 2}, {0, 1})), model),
              HasSubstr("for one-hot targets the loss is \"categorical_crossentropy\""));
}

TEST(Fit, MakesLabelsOneHot) {
  Model model;
  model.target = {"out", DLC_FLOAT32, 2, {-1, 2}};
  Samples samples = fitted(dataOf(bytes({2, 2}, {1, 2, 3, 4}), bytes({2}, {1, 0})), model);
  const Array &target = samples.targets[0];
  EXPECT_THAT((std::vector<double>{elementOf(target, 0), elementOf(target, 1), elementOf(target, 2),
                                   elementOf(target, 3)}),
              ElementsAre(0, 1, 1, 0));
}

TEST(Fit, CountsLabels) {
  EXPECT_THAT(countLabels(dataOf(bytes({3, 1}, {0, 0, 0}), bytes({3}, {2, 0, 2}))),
              ElementsAre(1, 0, 2));
  EXPECT_TRUE(countLabels(dataOf(bytes({1, 1}, {0}), floats({1}, {0.5}))).empty());
}

TEST(Batches, SplitsAndShufflesByTheSeedAlone) {
  Samples samples;
  samples.count = 100;
  auto first = split(samples, 0.2, 7), again = split(samples, 0.2, 7),
       other = split(samples, 0.2, 8);
  EXPECT_EQ(first->first.order, again->first.order);
  EXPECT_NE(first->second.order, other->second.order);
  EXPECT_EQ(first->second.size(), 20);
  std::vector<int64_t> all = first->first.order;
  all.insert(all.end(), first->second.order.begin(), first->second.order.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, viewOf(samples).order);
  EXPECT_EQ(shuffled(all, 1, 2), shuffled(all, 1, 2));
  EXPECT_NE(shuffled(all, 1, 2), shuffled(all, 1, 3));
  samples.count = 2;
  EXPECT_THAT(llvm::toString(split(samples, 0.1, 1).takeError()),
              HasSubstr("leaves 2 of 2 samples to train on and 0 to validate with"));
}
