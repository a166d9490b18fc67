//===- TrainPlan.cpp - what a model says of its training, checked --------------------===//

#include "compiler/frontend/TrainPlan.h"

using namespace mlir;
using llvm::Twine;

namespace dlc::frontend {

namespace {

class Planner {
public:
  Planner(Messages &messages, const Model &model, ArrayRef<TrainedOutput> outputs,
          const Parameters &parameters)
      : messages(messages), model(model), outputs(outputs), parameters(parameters) {}

  LogicalResult check();
  TrainPlan plan;

private:
  LogicalResult checkOptimizer();
  FailureOr<unsigned> findOutput(const NamedValue &measure, std::optional<unsigned> place);
  LogicalResult addLoss(const NamedValue &loss, std::optional<unsigned> place);
  LogicalResult addMetrics();
  LogicalResult addMetric(const NamedValue &metric, unsigned output);
  LogicalResult checkMeasure(const Measure &measure);
  LogicalResult checkClassWeights(const Measure &measure);
  TargetOf makeTarget(const Measure &measure);

  Messages &messages;
  const Model &model;
  ArrayRef<TrainedOutput> outputs;
  const Parameters &parameters;
};

} // namespace

const TargetOf *TrainPlan::findTarget(unsigned output) const {
  auto found = llvm::find_if(targets, [&](auto &target) { return target.output == output; });
  return found == targets.end() ? nullptr : &*found;
}

FailureOr<unsigned> Planner::findOutput(const NamedValue &measure, std::optional<unsigned> place) {
  const FieldValue &field = measure.field("output");
  if (field.isNull() && place)
    return *place;
  if (field.isNull())
    return messages.error(measure.loc, "train: say with \"output\" which of the model's " +
                                           Twine(outputs.size()) + " outputs this loss reads");
  SmallVector<StringRef> names;
  for (auto [i, output] : llvm::enumerate(outputs)) {
    if (output.name == field.source.text)
      return i;
    names.push_back(output.name);
  }
  return messages.error(field.source.loc, "train: there is no output \"" + field.source.text +
                                              "\"" + didYouMean(field.source.text, names));
}

TargetOf Planner::makeTarget(const Measure &measure) {
  TargetOf target{measure.output, outputs[measure.output].type,
                  measure.type().target == Target::Labels, Decision::Probability, false};
  if (target.hasLabels)
    target.type = RankedTensorType::get(target.type.getShape().drop_back(),
                                        IntegerType::get(target.type.getContext(), 32));
  StringRef name = measure.type().name;
  bool isMargin = name == "Hinge" || name == "SquaredHinge" || name == "Perceptron";
  bool isBinary = name == "BinaryCrossentropy";
  if (isMargin || (isBinary && measure.value->flag("from_logits")))
    target.decision = Decision::Logit;
  target.isElementwise = isMargin || isBinary;
  return target;
}

LogicalResult Planner::checkClassWeights(const Measure &measure) {
  for (auto [field, value] : llvm::zip_equal(measure.type().fields, measure.value->fields)) {
    if (field.name != "class_weight" || value.isNull())
      continue;
    size_t wanted = measure.type().readsRows ? outputs[measure.output].type.getShape().back() : 2;
    if (value.numbers.size() != wanted)
      return messages.error(value.source.loc, "train: \"class_weight\" needs " + Twine(wanted) +
                                                  " numbers, one for each class, not " +
                                                  Twine(value.numbers.size()));
  }
  return success();
}

LogicalResult Planner::checkMeasure(const Measure &measure) {
  const MeasureType &type = measure.type();
  const TrainedOutput &output = outputs[measure.output];
  const TargetOf *target = plan.findTarget(measure.output);
  bool readsRows =
      type.readsRows || (type.target == Target::Either && !(target && target->isElementwise));
  if (readsRows && output.channelsFirst)
    return messages.error(measure.value->loc,
                          "train: " + type.name +
                              " reads classes along the last dimension, but \"" + output.name +
                              "\" is a channels_first image; make its layer channels_last");
  if (target && type.target != Target::Either &&
      target->hasLabels != (type.target == Target::Labels))
    return messages.error(
        measure.value->loc,
        "train: " + type.name + " needs " +
            (target->hasLabels ? "a target of the output's shape, but the loss of \""
                               : "classes as targets, but the loss of \"") +
            output.name + "\" has " + (target->hasLabels ? "classes" : "values") + " as targets");
  return checkClassWeights(measure);
}

LogicalResult Planner::addLoss(const NamedValue &loss, std::optional<unsigned> place) {
  FailureOr<unsigned> output = findOutput(loss, place);
  if (failed(output))
    return failure();
  Measure measure{&loss, *output};
  if (failed(checkMeasure(measure)))
    return failure();
  plan.losses.push_back(measure);
  if (!plan.findTarget(*output))
    plan.targets.push_back(makeTarget(measure));
  return success();
}

LogicalResult Planner::addMetric(const NamedValue &metric, unsigned output) {
  if (!plan.findTarget(output))
    return messages.error(metric.loc, "train: \"" + outputs[output].name +
                                          "\" has no loss, and so no target to measure by");
  for (auto [field, value] : llvm::zip_equal(metric.row->fields, metric.fields))
    if (field.name == "weight" && value.given)
      return messages.error(value.source.loc,
                            "train: a metric has no \"weight\", which belongs to a loss");
  Measure measure{&metric, output};
  if (failed(checkMeasure(measure)))
    return failure();
  plan.metrics.push_back(measure);
  std::string prefix = plan.targets.size() == 1 ? "" : (outputs[output].name + "/").str();
  std::string name = prefix + metric.spelling;
  if (llvm::is_contained(plan.metricNames, name))
    return messages.error(metric.loc, "train: there is a metric \"" + name +
                                          "\" already; leave out one of the two");
  plan.metricNames.push_back(std::move(name));
  return success();
}

LogicalResult Planner::addMetrics() {
  for (const NamedValue &metric : model.training.field("metrics").named) {
    if (metric.field("output").isNull()) {
      for (const TargetOf &target : plan.targets)
        if (failed(addMetric(metric, target.output)))
          return failure();
      continue;
    }
    FailureOr<unsigned> output = findOutput(metric, std::nullopt);
    if (failed(output) || failed(addMetric(metric, *output)))
      return failure();
  }
  return success();
}

LogicalResult Planner::checkOptimizer() {
  const FieldValue &field = model.training.field("optimizer");
  if (field.isNull())
    return messages.error(model.train.loc, R"(train: needs "optimizer", for example "SGD")");
  const NamedValue &optimizer = field.named.front();
  unsigned clips = 0;
  for (StringRef name : {"clipvalue", "clipnorm", "global_clipnorm"})
    clips += !optimizer.field(name).isNull();
  if (clips > 1)
    return messages.error(optimizer.loc, "train: the optimizer clips in more than one way; keep "
                                         "one of \"clipvalue\", \"clipnorm\" and "
                                         "\"global_clipnorm\"");
  if (llvm::none_of(parameters, [](auto &entry) { return entry.second->trainable; }))
    return messages.error(model.train.loc, "train: the model has no weights that are trainable");
  return success();
}

LogicalResult Planner::check() {
  if (model.train.kind != json::Kind::Object)
    return messages.error({}, "the model does not say how it is trained; give it a \"train\" with "
                              "a \"loss\" and an \"optimizer\"");
  const FieldValue &loss = model.training.field("loss");
  if (loss.named.empty())
    return messages.error(model.train.loc, R"(train: needs "loss", for example "mse")");
  bool isOnePerOutput = loss.named.size() == outputs.size();
  for (auto [i, value] : llvm::enumerate(loss.named))
    if (failed(addLoss(value, isOnePerOutput ? std::optional<unsigned>(i) : std::nullopt)))
      return failure();
  llvm::sort(plan.targets, [](auto &a, auto &b) { return a.output < b.output; });
  return success(succeeded(addMetrics()) && succeeded(checkOptimizer()));
}

FailureOr<TrainPlan> planTraining(Messages &messages, const Model &model,
                                  ArrayRef<TrainedOutput> outputs, const Parameters &parameters) {
  Planner planner(messages, model, outputs, parameters);
  if (failed(planner.check()))
    return failure();
  return std::move(planner.plan);
}

} // namespace dlc::frontend
