//===- TrainTest.cpp - the section "train" ------------------------------------------===//

#include "TestModel.h"
#include "compiler/frontend/Initializers.h"
#include "compiler/frontend/TrainTable.h"
#include <cmath>

using namespace dlc::frontend;
using namespace dlc::frontend::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr const char *kDense = R"({"type": "Dense", "name": "d", "units": 3})";

std::string trained(const std::string &train, const std::string &layers = kDense,
                    const std::string &rest = "") {
  return model("[4]", layers, R"(, "train": {)" + train + "}" + rest);
}

ImportOptions training() {
  ImportOptions options;
  options.train = true;
  return options;
}

void expectError(const std::string &json, const std::string &text) {
  Imported m(json, training());
  EXPECT_FALSE(m.ok());
  EXPECT_THAT(m.messages, ElementsAre(HasSubstr(text))) << json;
}

std::string with(const std::string &optimizer, const std::string &loss = R"("mse")") {
  return trained(R"("loss": )" + loss + R"(, "optimizer": )" + optimizer);
}

TEST(Train, Errors) {
  expectError(model("[4]", kDense), "the model does not say how it is trained");
  expectError(trained(R"("optimizer": "SGD")"), R"(train: needs "loss", for example "mse")");
  expectError(trained(R"("loss": [], "optimizer": "SGD")"), R"(train: needs "loss")");
  expectError(trained(R"("loss": "mse")"), R"(train: needs "optimizer", for example "SGD")");
  expectError(with(R"("Adm")"), R"(not "Adm"; did you mean "Adam"?)");
  expectError(with("7"), R"(train: "optimizer" must be "SGD", "RMSprop")");
  expectError(with(R"({"learning_rate": 1})"), R"(must be "SGD", "RMSprop")");
  expectError(with(R"({"type": "SGD", "momentun": 1})"),
              R"(train: "optimizer": unknown key "momentun"; did you mean "momentum"?)");
  expectError(with(R"({"type": "SGD", "momentum": 2})"),
              R"(train: "optimizer": "momentum" must be a number between 0 and 1, not 2)");
  expectError(with(R"({"type": "Adam", "beta_1": 1.0})"), R"("beta_1" must be a number between 0)");
  expectError(with(R"({"type": "SGD", "clipnorm": 1, "clipvalue": 1})"),
              "the optimizer clips in more than one way");
  expectError(with(R"({"type": "SGD", "learning_rate": {"type": "StepDecay", "gamma": 0.5,
                       "initial_learning_rate": 1}})"),
              R"("learning_rate": needs "period")");
  expectError(trained(R"("loss": "mse", "optimizer": "SGD", "epochs": 0)"),
              R"(train: "epochs" must be an integer of at least 1)");
  expectError(trained(R"("loss": "mse", "optimizer": "SGD")",
                      R"({"type": "Dense", "units": 3, "trainable": false})"),
              "the model has no weights that are trainable");
}

TEST(Train, ErrorsOfLosses) {
  auto loss = [](const std::string &text) { return with(R"("SGD")", text); };
  expectError(loss(R"("msee")"), R"(; did you mean "mse"?)");
  expectError(loss(R"({"type": "mse", "output": "e"})"), R"(train: there is no output "e")");
  expectError(loss(R"({"type": "SparseCategoricalCrossentropy", "class_weight": [1, 2]})"),
              R"("class_weight" needs 3 numbers, one for each class, not 2)");
  expectError(loss(R"({"type": "BinaryCrossentropy", "class_weight": [1, 2, 3]})"),
              R"("class_weight" needs 2 numbers)");
  expectError(loss(R"([{"type": "mse", "output": "d"},
                       {"type": "sparse_categorical_crossentropy", "output": "d"}])"),
              "SparseCategoricalCrossentropy needs classes as targets, but the loss of \"d\" has "
              "values as targets");
  expectError(trained(R"("loss": "sparse_categorical_crossentropy", "optimizer": "SGD",
                         "metrics": ["mse"])"),
              "MeanSquaredError needs a target of the output's shape");
  std::string two = R"({"type": "Dense", "name": "a", "units": 2},
                       {"type": "Dense", "name": "b", "units": 2})",
              outputs = R"(, "outputs": ["a", "b"])";
  expectError(trained(R"("loss": "mse", "optimizer": "SGD")", two, outputs),
              R"(say with "output" which of the model's 2 outputs this loss reads)");
  expectError(trained(R"("loss": {"type": "mse", "output": "b"}, "optimizer": "SGD",
                         "metrics": [{"type": "mae", "output": "a"}])",
                      two, outputs),
              R"("a" has no loss, and so no target to measure by)");
  expectError(model("[2, 4, 4]", R"({"type": "Conv2D", "name": "c", "filters": 3, "kernel_size": 1,
                                     "data_format": "channels_first"})",
                    R"(, "train": {"loss": "categorical_crossentropy", "optimizer": "SGD"})"),
              R"(reads classes along the last dimension, but "c" is a channels_first image)");
}

TEST(Train, ErrorsOfMetrics) {
  expectError(trained(R"("loss": "mse", "optimizer": "SGD",
                         "metrics": [{"type": "mae", "weight": 2}])"),
              R"(train: a metric has no "weight", which belongs to a loss)");
  expectError(
      trained(R"("loss": "mse", "optimizer": "SGD", "metrics": ["mae", "accuracy", "mae"])"),
      R"(train: there is a metric "mae" already; leave out one of the two)");
  expectError(trained(R"("loss": "mse", "optimizer": "SGD", "early_stopping": {"patence": 1})"),
              R"(train: "early_stopping": unknown key "patence"; did you mean "patience"?)");
  auto image = [](const std::string &loss) {
    return model("[2, 4, 4]", R"({"type": "Conv2D", "name": "c", "filters": 3, "kernel_size": 1,
                                  "data_format": "channels_first"})",
                 R"(, "train": {"optimizer": "SGD", "metrics": ["accuracy"], "loss": ")" + loss +
                     "\"}");
  };
  expectError(image("mse"), "Accuracy reads classes along the last dimension");
  EXPECT_TRUE(Imported(image("binary_crossentropy"), training()).ok());
}

TEST(Train, ErrorsOfWeights) {
  auto layer = [](const std::string &field) {
    return model("[4]", R"({"type": "Dense", "name": "d", "units": 2, )" + field + "}");
  };
  expectError(layer(R"("kernel_initializer": "he_norml")"), R"(did you mean "he_normal"?)");
  expectError(layer(R"("kernel_initializer": {"type": "random_uniform", "min": 0})"),
              R"(layer "d": "kernel_initializer": unknown key "min")");
  expectError(layer(R"("kernel_regularizer": "l2")"),
              R"("kernel_regularizer" must be an object of "l1" or "l2", or null, not "l2")");
  expectError(layer(R"("kernel_regularizer": {"l2": -1})"),
              R"("l2" must be a number of at least 0)");
}

TEST(Train, SeveralOutputs) {
  Imported m(trained(R"("loss": ["mse", {"type": "Huber", "weight": 0.5, "delta": 2}],
                        "optimizer": "SGD", "metrics": ["mae"])",
                     R"({"type": "Dense", "name": "a", "units": 2},
                        {"type": "Dense", "name": "b", "units": 3})",
                     R"(, "outputs": ["a", "b"])"),
             training());
  ASSERT_TRUE(m.ok());
  EXPECT_THAT(m.ir(), HasSubstr(R"(nn.metrics = ["loss", "a/mae", "b/mae"])"));
  EXPECT_THAT(m.ir(), HasSubstr(R"({nn.target = "a"}, %arg4: tensor<?x3xf32> {nn.target = "b"})"));
}

// A name that the table of a field holds.
Initializer initializer(llvm::StringRef name, llvm::ArrayRef<int64_t> shape) {
  for (const Row *row : initializerRows())
    if (row->name == name) {
      NamedValue value{row, {}, name.str(), {}};
      for (const Field &field : row->fields)
        value.fields.push_back(defaultOf(field));
      return resolveInitializer(value, shape);
    }
  return {};
}

TEST(Initializers, CountFansLikeKeras) {
  // fan_in = 3 * 3 * 2, fan_out = 3 * 3 * 4
  EXPECT_DOUBLE_EQ(initializer("glorot_uniform", {3, 3, 2, 4}).b, std::sqrt(6.0 / (18 + 36)));
  EXPECT_DOUBLE_EQ(initializer("he_uniform", {3, 3, 2, 4}).a, -std::sqrt(6.0 / 18));
  EXPECT_DOUBLE_EQ(initializer("lecun_normal", {10, 4}).b, std::sqrt(0.1) / 0.87962566103423978);
  EXPECT_DOUBLE_EQ(initializer("glorot_normal", {5}).b, std::sqrt(0.2) / 0.87962566103423978);
  EXPECT_EQ(initializer("glorot_normal", {5}).kind, "truncated_normal");
  EXPECT_EQ(initializer("ones", {5}).a, 1);
  EXPECT_DOUBLE_EQ(initializer("random_normal", {5}).b, 0.05);
  EXPECT_EQ(initializer("random_normal", {5}).kind, "normal");
}

TEST(TrainTables, NamesAreDistinctAndDefaultsFit) {
  for (const TrainTable &table : trainTables()) {
    std::vector<llvm::StringRef> names;
    for (const Row *row : table.rows()) {
      names.push_back(row->name);
      names.insert(names.end(), row->aliases.begin(), row->aliases.end());
      for (const Field &field : row->fields)
        if (!field.isRequired() && !field.isNullable())
          EXPECT_FALSE(defaultOf(field).source.kind == json::Kind::Null) << field.name.str();
    }
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  }
}

} // namespace
