//===- TrainTable.cpp - losses, metrics, optimizers and schedules -------------------===//
// Drives parsing, validation, suggestions, `dlc schema` and the reference, like the table of
// layers. Names and defaults are Keras's; what is dlc's own says so.

#include "compiler/frontend/TrainTable.h"
#include "compiler/frontend/FieldForms.h"
#include "compiler/frontend/Initializers.h"
#include "compiler/frontend/TrainMeasures.h"
#include "compiler/frontend/TrainUpdate.h"

using namespace mlir;

namespace dlc::frontend {

using namespace forms;

template <typename T> static Rows rowsOf(ArrayRef<T> table) {
  return llvm::map_to_vector(table, [](const T &type) -> const Row * { return &type; });
}

//===----------------------------------------------------------------------===//
// Losses and metrics
//===----------------------------------------------------------------------===//

static Field fromLogits() {
  return flag("from_logits", "false", "the output holds logits, not probabilities");
}
static Field smoothing(StringRef doc) { return number("label_smoothing", "0.0", doc, 0, 1); }
static Field classWeight(StringRef doc) { return numbers("class_weight", "null", doc, 0); }

static std::vector<Field> crossEntropyFields() {
  return {fromLogits(), smoothing("s: a target t counts as (1 - s) * t + s / classes"),
          classWeight("factor of each class"),
          choice("class_weight_norm", R"("batch")", "batch|weights",
                 "divides the weighted sum by the batch (Keras) or by the sum of the weights "
                 "(PyTorch)"),
          flag("normalize", "true",
               "divides probabilities by their sum first, as Keras does; behind a softmax, where "
               "that is 1, it changes nothing (dlc's own)")};
}

static std::vector<MeasureType> makeLosses() {
  std::vector<MeasureType> table = {
      {{"SparseCategoricalCrossentropy",
        "-log of the probability of the target's class; targets are classes, int32.",
        crossEntropyFields(),
        {"sparse_categorical_crossentropy"}},
       Target::Labels,
       true,
       buildCrossEntropy},
      {{"CategoricalCrossentropy",
        "-sum t * log p over the classes; targets are distributions, one-hot for example.",
        crossEntropyFields(),
        {"categorical_crossentropy"}},
       Target::Values,
       true,
       buildCrossEntropy},
      {{"BinaryCrossentropy",
        "-(t * log p + (1 - t) * log(1 - p)) of each element; targets are 0 or 1.",
        {fromLogits(), smoothing("s: a target t counts as (1 - s) * t + s / 2"),
         classWeight("factors of the targets 0 and 1")},
        {"binary_crossentropy"}},
       Target::Values,
       false,
       buildBinaryCrossEntropy},
      {{"MeanSquaredError", "Mean of (x - t)^2.", {}, {"mean_squared_error", "mse", "MSE"}},
       Target::Values,
       false,
       buildSquaredError},
      {{"MeanAbsoluteError",
        "Mean of |x - t|.",
        {},
        {"mean_absolute_error", "mae", "MAE", "l1", "L1"}},
       Target::Values,
       false,
       buildAbsoluteError},
      {{"Huber",
        "(x - t)^2 / 2 for |x - t| <= delta, else delta * |x - t| - delta^2 / 2.",
        {number("delta", "1.0", "where the square ends", 0)},
        {"huber"}},
       Target::Values,
       false,
       buildHuber},
      {{"SmoothL1",
        "Huber's loss with delta = beta, over beta (PyTorch's).",
        {number("beta", "1.0", "where the square ends; 0 is the absolute error", 0)},
        {"smooth_l1"}},
       Target::Values,
       false,
       buildSmoothL1},
      {{"KLDivergence",
        "sum t * log(t / p) over the classes.",
        {},
        {"kl_divergence", "kld", "KLD"}},
       Target::Values,
       true,
       buildKLDivergence},
      {{"Hinge", "Mean of max(0, 1 - t * x); targets are -1 or 1.", {}, {"hinge"}},
       Target::Values,
       false,
       buildHinge},
      {{"SquaredHinge", "Mean of max(0, 1 - t * x)^2; targets are -1 or 1.", {}, {"squared_hinge"}},
       Target::Values,
       false,
       buildSquaredHinge},
      {{"CategoricalHinge",
        "max(0, 1 + max((1 - t) * x) - sum t * x) over the classes.",
        {},
        {"categorical_hinge"}},
       Target::Values,
       true,
       buildCategoricalHinge},
      {{"Perceptron",
        "sum (x - t)^2 / 2; with the activation \"sign\" it gives the perceptron's rule (dlc's "
        "own).",
        {},
        {"perceptron"}},
       Target::Values,
       false,
       buildPerceptron}};
  for (MeasureType &type : table) {
    type.fields.push_back({"output", FieldKind::Text, "null",
                           "the output; with a list of losses default: the one of that place"});
    type.fields.push_back(number("weight", "1.0", "factor in the sum of several losses"));
  }
  return table;
}

static ArrayRef<MeasureType> losses() {
  static const std::vector<MeasureType> table = makeLosses();
  return table;
}

Rows lossRows() { return rowsOf(losses()); }

Rows metricRows() {
  static const MeasureType accuracy = {
      {"Accuracy",
       "The share of right decisions: of rows by their largest element; with one element, or a "
       "binary loss, of elements by 1/2 (0 for logits and margins).",
       {{"output", FieldKind::Text, "null", "the output; default: all that have a loss"}},
       {"accuracy", "acc"}},
      Target::Either,
      false,
      buildAccuracy};
  Rows rows = {&accuracy};
  rows.append(lossRows());
  return rows;
}

//===----------------------------------------------------------------------===//
// Schedules and optimizers
//===----------------------------------------------------------------------===//

static ArrayRef<ScheduleType> schedules() {
  static const auto table = [] {
    Field gamma = number("gamma", kRequired, "factor of each period", 0);
    Field period = number("period", kRequired, "steps of a period", 1);
    std::vector<ScheduleType> table = {
        {{"Constant", "The same rate for all steps.", {}}, "constant"},
        {{"StepDecay", "rate * gamma^floor(step / period).", {gamma, period}}, "step"},
        {{"ExponentialDecay", "rate * gamma^(step / period).", {gamma, period}}, "exponential"},
        {{"CosineDecay",
          "minimum + (rate - minimum) / 2 * (1 + cos(pi * min(step / period, 1))).",
          {period, number("minimum", "0.0", "the last rate", 0)}},
         "cosine"},
        {{"InverseDecay",
          "rate * (1 + gamma * step)^-power.",
          {number("gamma", kRequired, "how fast the rate falls", 0),
           number("power", kRequired, "exponent")}},
         "inverse"}};
    for (ScheduleType &type : table) {
      type.fields.insert(type.fields.begin(),
                         number("initial_learning_rate", kRequired, "the first rate", 0));
      type.fields.push_back(integer("warmup_steps", "0",
                                    "the rate of the first so many steps is multiplied by "
                                    "(step + 1) / warmup_steps",
                                    0));
    }
    return table;
  }();
  return table;
}

Rows scheduleRows() { return rowsOf(schedules()); }

static std::vector<Field> withCommon(std::vector<Field> fields, StringRef rate, bool caffe = false,
                                     StringRef decay = "0.0") {
  fields.insert(fields.begin(), named("learning_rate", scheduleRows, rate, "rate of the steps",
                                      FieldKind::NumberOrNamed));
  fields.front().min = 0;
  StringRef decayDoc =
      decay == "null" ? "the weights shrink by rate * weight_decay in each step; null is 0.004 in "
                        "Keras's form, 0.01 in PyTorch's"
                      : "Keras's form: the weights shrink by rate * weight_decay in each step; "
                        "else weight_decay * weight is added to the gradient";
  fields.push_back(number("weight_decay", decay, decayDoc, 0));
  fields.push_back(number("clipvalue", "null", "bound of each element of a gradient", 0));
  fields.push_back(number("clipnorm", "null", "bound of the norm of each gradient", 0));
  fields.push_back(number("global_clipnorm", "null", "bound of the norm of all gradients", 0));
  fields.push_back(
      choice("form", R"("keras")", caffe ? "keras|torch|caffe" : "keras|torch", "whose formulas"));
  return fields;
}

static Field epsilon(StringRef doc) { return number("epsilon", "null", doc, 0); }
// A share of 1 would never let anything new in, and its correction would divide by 0.
static constexpr double kMostOfOne = 0.999999;
static constexpr StringRef kEpsilon8 = "null is 1e-7 in Keras's form, 1e-8 in PyTorch's";

static std::vector<Field> adamFields() {
  return {number("beta_1", "0.9", "share of the old mean of the gradients", 0, kMostOfOne),
          number("beta_2", "0.999", "share of the old mean of their squares", 0, kMostOfOne),
          epsilon(kEpsilon8)};
}

static ArrayRef<OptimizerType> optimizers() {
  static const std::vector<OptimizerType> table = {
      {{"SGD",
        "v = momentum * v - rate * g; w += v; with nesterov w += momentum * v - rate * g. PyTorch: "
        "v = momentum * v + g; w -= rate * v. Caffe: as Keras, with the decay in the gradient.",
        withCommon({number("momentum", "0.0", "share of the old velocity", 0, 1),
                    flag("nesterov", "false", "looks ahead by the momentum")},
                   "0.01", true),
        {"sgd"}},
       slotsOfSGD,
       justRate,
       updateSGD},
      {{"RMSprop",
        "v = rho * v + (1 - rho) * g^2; w -= rate * g / sqrt(v + epsilon). PyTorch: / (sqrt(v) + "
        "epsilon).",
        withCommon({number("rho", "0.9", "share of the old mean of squares", 0, 1),
                    number("momentum", "0.0", "share of the step before", 0, 1), epsilon(kEpsilon8),
                    flag("centered", "false", "subtracts the squared mean of the gradients")},
                   "0.001"),
        {"rmsprop"}},
       slotsOfRMSprop,
       justRate,
       updateRMSprop},
      {{"Adagrad",
        "a += g^2; w -= rate * g / sqrt(a + epsilon). PyTorch: / (sqrt(a) + epsilon).",
        withCommon({number("initial_accumulator_value", "null",
                           "first a; null is 0.1 in Keras's form, 0 in PyTorch's", 0),
                    epsilon("null is 1e-7 in Keras's form, 1e-10 in PyTorch's")},
                   "0.001"),
        {"adagrad"}},
       slotsOfAdagrad,
       justRate,
       updateAdagrad},
      {{"Adadelta",
        "a = rho * a + (1 - rho) * g^2; u = sqrt(d + epsilon) / sqrt(a + epsilon) * g; d = rho * d "
        "+ "
        "(1 - rho) * u^2; w -= rate * u.",
        withCommon({number("rho", "0.95", "share of the old means", 0, 1),
                    epsilon("null is 1e-7 in Keras's form, 1e-6 in PyTorch's")},
                   "0.001"),
        {"adadelta"}},
       slotsOfAdadelta,
       justRate,
       updateAdadelta},
      {{"Adam",
        "m = beta_1 * m + (1 - beta_1) * g; v = beta_2 * v + (1 - beta_2) * g^2; w -= rate * "
        "sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon). PyTorch: epsilon is added "
        "to sqrt(v / (1 - beta_2^t)).",
        withCommon(adamFields(), "0.001"),
        {"adam"}},
       slotsOfAdam,
       numbersOfAdam,
       updateAdam},
      {{"AdamW",
        "Adam whose weights shrink by rate * weight_decay in each step, in both forms.",
        withCommon(adamFields(), "0.001", false, "null"),
        {"adamw"}},
       slotsOfAdam,
       numbersOfAdam,
       updateAdam}};
  return table;
}

Rows optimizerRows() { return rowsOf(optimizers()); }

//===----------------------------------------------------------------------===//
// The section
//===----------------------------------------------------------------------===//

Rows earlyStoppingRows() {
  static const Row row = {"EarlyStopping",
                          "Ends training once the figure has not become better for so many epochs.",
                          {{"monitor", FieldKind::Text, "null",
                            "the figure; default: the first that was measured apart"},
                           integer("patience", "3", "epochs to wait", 1, 1 << 20),
                           number("min_delta", "0.0", "what counts as better", 0)}};
  return {&row};
}

const Row &trainRow() {
  static const Row row = {
      "train",
      "How the model is trained.",
      {
          named("loss", lossRows, "null", "what to minimise; with a list the weighted sum",
                FieldKind::NamedList),
          named("optimizer", optimizerRows, "null", "how"),
          named("metrics", metricRows, "null", "what else to measure", FieldKind::NamedList),
          integer("epochs", "null", "passes over the data", 1, 1 << 20),
          integer("batch_size", "null", "samples of a step", 1, 1 << 20),
          number("validation_split", "null", "share of the data to validate with", 0, 1),
          flag("shuffle", "null", "another order of the samples in each epoch"),
          integer("seed", "null", "of all random numbers", 0, std::numeric_limits<int64_t>::max()),
          {"augmentation", FieldKind::Any, "null", "what is done to the samples at random"},
          named("early_stopping", earlyStoppingRows, "null", "when to stop before the last epoch"),
          flag("sync_batch_norm", "null", "several processes: statistics of whole batches"),
      }};
  return row;
}

ArrayRef<TrainTable> trainTables() {
  static const TrainTable tables[] = {
      {"Losses", R"("loss" of "train": a name, an object with that "type", or a list of them.)",
       lossRows},
      {"Metrics", R"("metrics" of "train": a list; besides these, every loss.)", metricRows},
      {"Optimizers", R"("optimizer" of "train": a name, or an object with that "type".)",
       optimizerRows},
      {"Schedules", R"("learning_rate" of an optimizer: a number, or an object with that "type".)",
       scheduleRows},
      {"Initializers",
       R"(Of "kernel_initializer" and the like: a name, or an object with that "type".)",
       initializerRows},
      {"Regularizers", R"(Of "kernel_regularizer" and the like: an object.)", regularizerRows},
      {"Stopping", R"("early_stopping" of "train": an object.)", earlyStoppingRows}};
  return tables;
}

} // namespace dlc::frontend
