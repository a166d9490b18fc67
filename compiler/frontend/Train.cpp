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
#include "compiler/frontend/TrainPlan.h"
#include "compiler/frontend/TrainUpdate.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace dlc::frontend {

namespace {

class TrainBuilder {
public:
  TrainBuilder(Messages &messages, const Model &model, ArrayRef<TrainedOutput> outputs,
               const Parameters &parameters, const TrainPlan &plan, ModuleOp module)
      : messages(messages), model(model), outputs(outputs), parameters(parameters), plan(plan),
        module(module), builder(module.getContext()) {}

  void build();

private:
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
  const TrainPlan &plan;
  ModuleOp module;
  OpBuilder builder;

  // The function that is being built.
  func::FuncOp function;
  SmallVector<DictionaryAttr> argumentAttributes;
  SmallVector<Value> outputValues, targetValues;
};

} // namespace

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
  for (const TargetOf &target : plan.targets) {
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
  const TargetOf &target = *plan.findTarget(measure.output);
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
  for (const Measure &loss : plan.losses) {
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
  for (const Measure &metric : plan.metrics)
    numbers.push_back(build(metric));
  finish(joined(numbers), builder.getDictionaryAttr(named(nn::kOutputAttr, "metrics")));
  SmallVector<StringRef> names(plan.metricNames.begin(), plan.metricNames.end());
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

void TrainBuilder::build() {
  buildLoss();
  buildMetrics();
  buildUpdate();
  writeSchedule();
}

LogicalResult buildTraining(Messages &messages, const Model &model, ArrayRef<TrainedOutput> outputs,
                            const Parameters &parameters, ModuleOp module) {
  FailureOr<TrainPlan> plan = planTraining(messages, model, outputs, parameters);
  if (failed(plan))
    return failure();
  TrainBuilder(messages, model, outputs, parameters, *plan, module).build();
  return success();
}

} // namespace dlc::frontend
