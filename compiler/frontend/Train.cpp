//===- Train.cpp - the functions that training needs --------------------------------===//
//
//   @loss(%batch, outputs, targets, penalised parameters) -> tensor<1xf32>
//   @metrics(%batch, outputs, targets) -> tensor<Mxf32>, of which the loss is the first
//   @update(%hyper = [rate, step], per trainable parameter: it, its gradient, its slots)
//       -> new parameters, new slots
//
//===------------------------------------------------------------------------------===//

#include "compiler/frontend/Train.h"
#include "compiler/frontend/TrainMeasures.h"
#include "compiler/frontend/TrainUpdate.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using llvm::Twine;

namespace dlc::frontend {

namespace {

// A loss or metric and the output that it reads.
struct Measure {
  const NamedValue *value;
  unsigned output;

  const MeasureType &type() const { return *static_cast<const MeasureType *>(value->row); }
};

// What an output should be. Every output with a loss has one.
struct TargetOf {
  unsigned output;
  RankedTensorType type;
  bool hasLabels;
  Decision decision;
  bool isElementwise;
};

class TrainBuilder {
public:
  TrainBuilder(Messages &messages, const Model &model, ArrayRef<TrainedOutput> outputs,
               const Parameters &parameters, ModuleOp module)
      : messages(messages), model(model), outputs(outputs), parameters(parameters), module(module),
        builder(module.getContext()) {}

  LogicalResult build();

private:
  LogicalResult check();
  LogicalResult checkOptimizer();
  FailureOr<unsigned> findOutput(const NamedValue &measure, std::optional<unsigned> place);
  LogicalResult addLoss(const NamedValue &loss, std::optional<unsigned> place);
  LogicalResult addMetrics();
  LogicalResult addMetric(const NamedValue &metric, unsigned output);
  LogicalResult checkMeasure(const Measure &measure);
  LogicalResult checkClassWeights(const Measure &measure);
  TargetOf makeTarget(const Measure &measure);
  const TargetOf *findTarget(unsigned output) const;

  void start(StringRef name);
  Value addArgument(Type type, StringRef attribute, StringRef name);
  void finish(ValueRange results, ArrayRef<DictionaryAttr> attributes);
  void addOutputsAndTargets(StringRef outputAttribute, StringRef targetAttribute, StringRef prefix);
  NamedAttribute named(StringRef attribute, StringRef name) {
    return builder.getNamedAttr(attribute, builder.getStringAttr(name));
  }
  Location locationOf(StringRef name, llvm::SMLoc loc) {
    return layerLocation(builder.getContext(), messages.getSources(), name, loc);
  }
  RankedTensorType oneNumber() { return RankedTensorType::get(1, builder.getF32Type()); }

  Value build(const Measure &measure);
  Value totalLoss();
  Value penaltyOf(const Parameter &parameter);
  Value joined(ArrayRef<Value> numbers);
  void buildLoss();
  void buildMetrics();
  Value gradientScale(StringRef field, ArrayRef<Value> gradients);
  UpdateRule startRule(const Parameter &parameter, const NamedValue &options, Value rate,
                       Value step);
  void buildUpdate();
  void writeSchedule();

  Messages &messages;
  const Model &model;
  ArrayRef<TrainedOutput> outputs;
  const Parameters &parameters;
  ModuleOp module;
  OpBuilder builder;
  SmallVector<Measure> losses, metrics;
  SmallVector<TargetOf> targets; // in the order of the outputs
  SmallVector<std::string> metricNames = {"loss"};

  // The function that is being built.
  func::FuncOp function;
  SmallVector<DictionaryAttr> argumentAttributes;
  SmallVector<Value> outputValues, targetValues;
};

} // namespace

//===----------------------------------------------------------------------===//
// What is to be built
//===----------------------------------------------------------------------===//

FailureOr<unsigned> TrainBuilder::findOutput(const NamedValue &measure,
                                             std::optional<unsigned> place) {
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

const TargetOf *TrainBuilder::findTarget(unsigned output) const {
  auto found = llvm::find_if(targets, [&](auto &target) { return target.output == output; });
  return found == targets.end() ? nullptr : &*found;
}

TargetOf TrainBuilder::makeTarget(const Measure &measure) {
  TargetOf target{measure.output, outputs[measure.output].type,
                  measure.type().target == Target::Labels, Decision::Probability, false};
  if (target.hasLabels)
    target.type = RankedTensorType::get(target.type.getShape().drop_back(), builder.getI32Type());
  StringRef name = measure.type().name;
  bool isMargin = name == "Hinge" || name == "SquaredHinge" || name == "Perceptron";
  bool isBinary = name == "BinaryCrossentropy";
  if (isMargin || (isBinary && measure.value->flag("from_logits")))
    target.decision = Decision::Logit;
  target.isElementwise = isMargin || isBinary;
  return target;
}

LogicalResult TrainBuilder::checkClassWeights(const Measure &measure) {
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

LogicalResult TrainBuilder::checkMeasure(const Measure &measure) {
  const MeasureType &type = measure.type();
  const TrainedOutput &output = outputs[measure.output];
  const TargetOf *target = findTarget(measure.output);
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

LogicalResult TrainBuilder::addLoss(const NamedValue &loss, std::optional<unsigned> place) {
  FailureOr<unsigned> output = findOutput(loss, place);
  if (failed(output))
    return failure();
  Measure measure{&loss, *output};
  if (failed(checkMeasure(measure)))
    return failure();
  losses.push_back(measure);
  if (!findTarget(*output))
    targets.push_back(makeTarget(measure));
  return success();
}

LogicalResult TrainBuilder::addMetric(const NamedValue &metric, unsigned output) {
  if (!findTarget(output))
    return messages.error(metric.loc, "train: \"" + outputs[output].name +
                                          "\" has no loss, and so no target to measure by");
  for (auto [field, value] : llvm::zip_equal(metric.row->fields, metric.fields))
    if (field.name == "weight" && value.given)
      return messages.error(value.source.loc,
                            "train: a metric has no \"weight\", which belongs to a loss");
  Measure measure{&metric, output};
  if (failed(checkMeasure(measure)))
    return failure();
  metrics.push_back(measure);
  std::string prefix = targets.size() == 1 ? "" : (outputs[output].name + "/").str();
  std::string name = prefix + metric.spelling;
  if (llvm::is_contained(metricNames, name))
    return messages.error(metric.loc, "train: there is a metric \"" + name +
                                          "\" already; leave out one of the two");
  metricNames.push_back(std::move(name));
  return success();
}

LogicalResult TrainBuilder::addMetrics() {
  for (const NamedValue &metric : model.training.field("metrics").named) {
    if (metric.field("output").isNull()) {
      for (const TargetOf &target : targets)
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

LogicalResult TrainBuilder::checkOptimizer() {
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

LogicalResult TrainBuilder::check() {
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
  llvm::sort(targets, [](auto &a, auto &b) { return a.output < b.output; });
  return success(succeeded(addMetrics()) && succeeded(checkOptimizer()));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void TrainBuilder::start(StringRef name) {
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, module.getLoc(), name, builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  argumentAttributes.clear();
}

Value TrainBuilder::addArgument(Type type, StringRef attribute, StringRef name) {
  argumentAttributes.push_back(builder.getDictionaryAttr(named(attribute, name)));
  return function.front().addArgument(type, function.getLoc());
}

void TrainBuilder::finish(ValueRange results, ArrayRef<DictionaryAttr> attributes) {
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setFunctionType(
      builder.getFunctionType(function.front().getArgumentTypes(), results.getTypes()));
  function.setAllArgAttrs(argumentAttributes);
  function.setAllResultAttrs(attributes);
}

void TrainBuilder::addOutputsAndTargets(StringRef outputAttribute, StringRef targetAttribute,
                                        StringRef prefix) {
  function.front().addArgument(builder.getIndexType(), function.getLoc());
  argumentAttributes.push_back(
      builder.getDictionaryAttr(builder.getNamedAttr(nn::kBatchAttr, builder.getUnitAttr())));
  outputValues.clear();
  targetValues.assign(outputs.size(), {});
  for (const TrainedOutput &output : outputs)
    outputValues.push_back(addArgument(output.type, outputAttribute, output.name));
  for (const TargetOf &target : targets) {
    StringRef name = outputs[target.output].name;
    targetValues[target.output] = addArgument(target.type, targetAttribute, (prefix + name).str());
    if (!target.hasLabels)
      continue;
    NamedAttrList attributes(argumentAttributes.back());
    attributes.set(nn::kClassesAttr,
                   builder.getI64IntegerAttr(outputs[target.output].type.getShape().back()));
    argumentAttributes.back() = attributes.getDictionary(builder.getContext());
  }
}

//===----------------------------------------------------------------------===//
// Loss and metrics
//===----------------------------------------------------------------------===//

Value TrainBuilder::build(const Measure &measure) {
  const TargetOf &target = *findTarget(measure.output);
  MeasureBuilder measureBuilder{builder,
                                locationOf(measure.value->spelling, measure.value->loc),
                                outputValues[measure.output],
                                targetValues[measure.output],
                                *measure.value,
                                target.decision,
                                target.isElementwise};
  return measure.type().build(measureBuilder);
}

Value TrainBuilder::totalLoss() {
  Value total;
  for (const Measure &loss : losses) {
    Value value = build(loss);
    if (double weight = loss.value->number("weight"); weight != 1)
      value = nn::buildMap(builder, value.getLoc(), oneNumber(), value,
                           [&](ArrayRef<nn::Expr> e) { return e[0] * weight; });
    total = total ? nn::AddOp::create(builder, value.getLoc(), total, value) : value;
  }
  return total;
}

// l1 * sum |w| + l2 * sum w^2
Value TrainBuilder::penaltyOf(const Parameter &parameter) {
  auto type = cast<RankedTensorType>(parameter.value.getType());
  Location loc = NameLoc::get(builder.getStringAttr(parameter.name));
  Value weight = addArgument(type, nn::kParamAttr, parameter.name);
  auto [l1, l2] = parameter.penalty;
  Value terms = nn::buildMap(builder, loc, type, weight, [&](ArrayRef<nn::Expr> e) {
    nn::Expr w = e[0];
    nn::Expr size = w.unary<math::AbsFOp>() * l1, square = w * w * l2;
    return l2 == 0 ? size : (l1 == 0 ? square : size + square);
  });
  return nn::ReduceSumOp::create(builder, loc, oneNumber(), terms);
}

void TrainBuilder::buildLoss() {
  start("loss");
  addOutputsAndTargets(nn::kOutputAttr, nn::kTargetAttr, "");
  Value total = totalLoss();
  for (auto &[name, parameter] : parameters)
    if (parameter->trainable && parameter->penalty) {
      Value penalty = penaltyOf(*parameter);
      total = nn::AddOp::create(builder, penalty.getLoc(), total, penalty);
    }
  finish(total, builder.getDictionaryAttr({}));
}

// [a, b, ...] from numbers of one element.
Value TrainBuilder::joined(ArrayRef<Value> numbers) {
  if (numbers.size() == 1)
    return numbers.front();
  int64_t count = numbers.size();
  auto type = RankedTensorType::get(count, builder.getF32Type());
  SmallVector<float> places(count);
  std::iota(places.begin(), places.end(), 0.0f);
  SmallVector<Value> inputs(numbers);
  inputs.push_back(arith::ConstantOp::create(
      builder, function.getLoc(), DenseElementsAttr::get(type, ArrayRef<float>(places))));
  return nn::buildMap(builder, function.getLoc(), type, inputs, [&](ArrayRef<nn::Expr> e) {
    nn::Expr place = e.back();
    Value result = e[0].value;
    for (int64_t i = 1; i < count; ++i)
      result =
          place.select(arith::CmpFPredicate::OGE, place.constant(i), e[i], place(result)).value;
    return place(result);
  });
}

void TrainBuilder::buildMetrics() {
  start("metrics");
  addOutputsAndTargets(nn::kInputAttr, nn::kInputAttr, "target of ");
  SmallVector<Value> numbers = {totalLoss()};
  for (const Measure &metric : metrics)
    numbers.push_back(build(metric));
  finish(joined(numbers), builder.getDictionaryAttr(named(nn::kOutputAttr, "metrics")));
  SmallVector<StringRef> names(metricNames.begin(), metricNames.end());
  function->setAttr(nn::kMetricsAttr, builder.getStrArrayAttr(names));
}

//===----------------------------------------------------------------------===//
// Update
//===----------------------------------------------------------------------===//

// bound / max(norm, bound) for the norm of all these gradients together; null without a bound.
Value TrainBuilder::gradientScale(StringRef field, ArrayRef<Value> gradients) {
  const NamedValue &optimizer = model.training.field("optimizer").named.front();
  if (optimizer.field(field).isNull())
    return {};
  Location loc = function.getLoc();
  Value total;
  for (Value gradient : gradients) {
    Value squares = nn::buildMap(builder, loc, cast<RankedTensorType>(gradient.getType()), gradient,
                                 [](ArrayRef<nn::Expr> e) { return e[0] * e[0]; });
    Value sum = nn::ReduceSumOp::create(builder, loc, oneNumber(), squares);
    total = total ? nn::AddOp::create(builder, loc, total, sum) : sum;
  }
  double bound = optimizer.number(field);
  // 0 over the norm of no gradient must not be a NaN.
  double least = std::max<double>(bound, std::numeric_limits<float>::min());
  return nn::buildMap(builder, loc, oneNumber(), total, [&](ArrayRef<nn::Expr> e) {
    return bound / e[0].unary<math::SqrtOp>().atLeast(least);
  });
}

// The arguments of one parameter: it, its gradient and its slots.
UpdateRule TrainBuilder::startRule(const Parameter &parameter, const NamedValue &options,
                                   Value rate, Value step) {
  UpdateRule rule(builder, locationOf(parameter.name, options.loc), options, rate, step);
  Type type = parameter.value.getType();
  rule.parameter = addArgument(type, nn::kParamAttr, parameter.name);
  rule.gradient = addArgument(type, nn::kGradientAttr, parameter.name);
  for (const Slot &slot : static_cast<const OptimizerType *>(options.row)->slots(options)) {
    rule.slots[slot.name] =
        addArgument(type, nn::kSlotAttr, (slot.name + "/" + parameter.name).str());
    NamedAttrList attributes(argumentAttributes.back());
    attributes.set(nn::kInitAttr, builder.getF64FloatAttr(slot.init));
    argumentAttributes.back() = attributes.getDictionary(builder.getContext());
  }
  return rule;
}

void TrainBuilder::buildUpdate() {
  const NamedValue &options = model.training.field("optimizer").named.front();
  auto &type = *static_cast<const OptimizerType *>(options.row);
  start("update");
  Location loc = locationOf("update", options.loc);
  Value hyper =
      addArgument(RankedTensorType::get(2, builder.getF32Type()), nn::kInputAttr, "hyper");
  auto number = [&](int64_t i) -> Value {
    return nn::SliceOp::create(builder, loc, hyper, ArrayRef<int64_t>{i}, ArrayRef<int64_t>{1});
  };
  Value rate = number(0), step = number(1);
  SmallVector<std::pair<StringRef, UpdateRule>> rules;
  SmallVector<Value> gradients;
  for (auto &[name, parameter] : parameters)
    if (parameter->trainable) {
      rules.emplace_back(name, startRule(*parameter, options, rate, step));
      gradients.push_back(rules.back().second.gradient);
    }
  SmallVector<Value> numbers = type.numbers(rules.front().second);
  Value clip = gradientScale("global_clipnorm", gradients);
  SmallVector<Value> results, slotResults;
  SmallVector<DictionaryAttr> attributes, slotAttributes;
  for (auto &[name, rule] : rules) {
    rule.numbers = numbers;
    rule.clip = clip ? clip : gradientScale("clipnorm", rule.gradient);
    type.build(rule);
    results.push_back(rule.updated);
    attributes.push_back(builder.getDictionaryAttr(named(nn::kParamAttr, name)));
    for (auto &[slot, value] : rule.slots) {
      slotResults.push_back(value);
      slotAttributes.push_back(
          builder.getDictionaryAttr(named(nn::kSlotAttr, (slot + "/" + name).str())));
    }
  }
  llvm::append_range(results, slotResults);
  llvm::append_range(attributes, slotAttributes);
  finish(results, attributes);
}

void TrainBuilder::writeSchedule() {
  const FieldValue &rate = model.training.field("optimizer").named.front().field("learning_rate");
  auto number = [&](double value) { return builder.getF64FloatAttr(value); };
  if (rate.named.empty()) {
    module->setAttr(nn::kLearningRateAttr, number(rate.numbers.front()));
    return;
  }
  const NamedValue &schedule = rate.named.front();
  module->setAttr(nn::kLearningRateAttr, number(schedule.number("initial_learning_rate")));
  NamedAttrList attributes;
  attributes.set("kind",
                 builder.getStringAttr(static_cast<const ScheduleType *>(schedule.row)->kind));
  for (auto [field, value] : llvm::zip_equal(schedule.row->fields, schedule.fields)) {
    if (field.kind == FieldKind::Number && field.name != "initial_learning_rate")
      attributes.set(field.name, number(value.numbers.front()));
    if (field.name == "warmup_steps")
      attributes.set("warmup", builder.getI64IntegerAttr(value.integers.front()));
  }
  module->setAttr(nn::kScheduleAttr, attributes.getDictionary(builder.getContext()));
}

LogicalResult TrainBuilder::build() {
  if (failed(check()))
    return failure();
  buildLoss();
  buildMetrics();
  buildUpdate();
  writeSchedule();
  return success();
}

LogicalResult buildTraining(Messages &messages, const Model &model, ArrayRef<TrainedOutput> outputs,
                            const Parameters &parameters, ModuleOp module) {
  return TrainBuilder(messages, model, outputs, parameters, module).build();
}

} // namespace dlc::frontend
