//===- DescribeTraining.cpp - what training adds to a signature ---------------------===//

#include "compiler/DescribeTraining.h"
#include "dialects/nn/Nn.h"
#include "runtime/ModelDesc.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace dlc;

bool dlc::isTrainingFunction(StringRef name) {
  return llvm::is_contained({"loss", "gradients", "backward", "update", "metrics"}, name);
}

namespace {

// The places that the functions give to the tensors of one kind, by name.
using Places = llvm::StringMap<int64_t>;

class Training {
public:
  Training(func::FuncOp forward, emit::Model &model)
      : module(forward->getParentOfType<ModuleOp>()), forward(forward), model(model) {}
  LogicalResult read();

private:
  LogicalResult findFunctions();
  LogicalResult readTargets();
  LogicalResult readTarget(unsigned index);
  LogicalResult readMetrics();
  LogicalResult readSchedule();
  LogicalResult collectPlaces(func::FuncOp function);
  LogicalResult collectPlace(func::FuncOp function, DictionaryAttr attributes);
  LogicalResult addState(int32_t role, emit::TensorInfo tensor, const Places &places,
                         emit::Initializer initializer);
  LogicalResult readState();
  LogicalResult readSlots();

  ModuleOp module;
  func::FuncOp forward, gradients, backward, update, metrics;
  emit::Model &model;
  emit::Training training;
  Places params, slots, parameterGradients;
};

} // namespace

LogicalResult Training::findFunctions() {
  auto find = [&](StringRef name, func::FuncOp &function) -> LogicalResult {
    function = module.lookupSymbol<func::FuncOp>(name);
    if (!function)
      return gradients.emitError("needs a function @") << name << " beside it";
    return success();
  };
  return success(succeeded(find("backward", backward)) && succeeded(find("update", update)) &&
                 succeeded(find("metrics", metrics)));
}

LogicalResult Training::readTarget(unsigned index) {
  auto name = gradients.getArgAttrOfType<StringAttr>(index, nn::kInputAttr);
  StringRef output = name.getValue();
  output.consume_front("target of ");
  FailureOr<emit::TensorInfo> tensor = describeTensor(
      gradients, StringAttr::get(module.getContext(), output), gradients.getArgumentTypes()[index]);
  if (failed(tensor))
    return failure();
  int64_t batch = model.staticBatch ? model.staticBatch : ShapedType::kDynamic;
  if (tensor->shape.empty() || tensor->shape[0] != batch)
    return gradients.emitError("\"") << name.getValue() << "\" needs the batch as first extent";
  tensor->shape[0] = -1;
  auto classes = gradients.getArgAttrOfType<IntegerAttr>(index, nn::kClassesAttr);
  training.targets.push_back({std::move(*tensor), classes ? classes.getInt() : 0});
  return success();
}

// In the order that runtime/ModelDesc.h asks for: the random numbers' counter, inputs, targets.
LogicalResult Training::readTargets() {
  size_t before = 1 + model.inputs.size(), seen = 0;
  for (unsigned index = 0; index < gradients.getNumArguments(); ++index)
    if (gradients.getArgAttrOfType<StringAttr>(index, nn::kInputAttr) && seen++ >= before)
      if (failed(readTarget(index)))
        return failure();
  if (seen <= before)
    return gradients.emitError("needs the random numbers' counter, the ")
           << model.inputs.size() << " inputs of @forward and a target, but has " << seen
           << " arguments marked nn.input";
  return success();
}

LogicalResult Training::readMetrics() {
  auto names = metrics->getAttrOfType<ArrayAttr>(nn::kMetricsAttr);
  auto type = metrics.getNumResults() == 1 ? dyn_cast<RankedTensorType>(metrics.getResultTypes()[0])
                                           : RankedTensorType();
  if (!names || !type || !type.hasStaticShape() ||
      static_cast<size_t>(type.getNumElements()) != names.size() ||
      !llvm::all_of(names, llvm::IsaPred<StringAttr>))
    return metrics.emitError("needs one result, and for each number of it a name in nn.metrics");
  for (Attribute name : names)
    training.metrics.push_back(cast<StringAttr>(name).str());
  return success();
}

static double numberOf(DictionaryAttr attributes, StringRef name) {
  Attribute value = attributes ? attributes.get(name) : Attribute();
  if (auto real = dyn_cast_or_null<FloatAttr>(value))
    return real.getValueAsDouble();
  auto integer = dyn_cast_or_null<IntegerAttr>(value);
  return integer ? static_cast<double>(integer.getInt()) : 0;
}

static StringRef kindOf(DictionaryAttr attributes) {
  auto kind = attributes ? attributes.getAs<StringAttr>("kind") : StringAttr();
  return kind ? kind.getValue() : "constant";
}

LogicalResult Training::readSchedule() {
  auto rate = module->getAttrOfType<FloatAttr>(nn::kLearningRateAttr);
  if (!rate)
    return module.emitError("needs an nn.learning_rate to train with");
  auto attributes = module->getAttrOfType<DictionaryAttr>(nn::kScheduleAttr);
  int64_t kind = llvm::StringSwitch<int64_t>(kindOf(attributes))
                     .Case("constant", DLC_SCHEDULE_CONSTANT)
                     .Case("step", DLC_SCHEDULE_STEP)
                     .Case("exponential", DLC_SCHEDULE_EXPONENTIAL)
                     .Case("cosine", DLC_SCHEDULE_COSINE)
                     .Case("inverse", DLC_SCHEDULE_INVERSE)
                     .Default(-1);
  if (kind < 0)
    return module.emitError("there is no nn.schedule of kind \"") << kindOf(attributes) << "\"";
  training.schedule = {rate.getValueAsDouble(),
                       kind,
                       numberOf(attributes, "gamma"),
                       numberOf(attributes, "power"),
                       numberOf(attributes, "minimum"),
                       numberOf(attributes, "period"),
                       static_cast<int64_t>(numberOf(attributes, "warmup"))};
  return success();
}

LogicalResult Training::collectPlace(func::FuncOp function, DictionaryAttr attributes) {
  std::pair<StringRef, Places *> kinds[] = {
      {nn::kParamAttr, &params}, {nn::kSlotAttr, &slots}, {nn::kGradientAttr, &parameterGradients}};
  for (auto [kind, places] : kinds) {
    auto name = attributes ? attributes.getAs<StringAttr>(kind) : StringAttr();
    if (!name)
      continue;
    auto place = attributes.getAs<IntegerAttr>(nn::kPlaceAttr);
    if (!place)
      return function.emitError("\"") << name.getValue() << "\" has no " << nn::kPlaceAttr;
    auto [it, isNew] = places->try_emplace(name, place.getInt());
    if (!isNew && it->second != place.getInt())
      return function.emitError("\"") << name.getValue() << "\" is at byte " << place.getInt()
                                      << " here and at byte " << it->second << " elsewhere";
  }
  return success();
}

LogicalResult Training::collectPlaces(func::FuncOp function) {
  for (unsigned index = 0; index < function.getNumArguments(); ++index)
    if (failed(collectPlace(function, function.getArgAttrDict(index))))
      return failure();
  for (unsigned index = 0; index < function.getNumResults(); ++index)
    if (failed(collectPlace(function, function.getResultAttrDict(index))))
      return failure();
  return success();
}

LogicalResult Training::addState(int32_t role, emit::TensorInfo tensor, const Places &places,
                                 emit::Initializer initializer) {
  auto place = places.find(tensor.name);
  if (place == places.end())
    return gradients.emitError("\"") << tensor.name << "\" has no place in the state";
  training.state.push_back({std::move(tensor), place->second, role, initializer});
  return success();
}

// Zeros where nothing is said.
static FailureOr<emit::Initializer> initializerOf(func::FuncOp forward, unsigned index) {
  auto attributes = forward.getArgAttrOfType<DictionaryAttr>(index, nn::kInitializerAttr);
  int32_t kind = llvm::StringSwitch<int32_t>(kindOf(attributes))
                     .Case("constant", DLC_RT_CONSTANT)
                     .Case("uniform", DLC_RT_UNIFORM)
                     .Case("normal", DLC_RT_NORMAL)
                     .Case("truncated_normal", DLC_RT_TRUNCATED_NORMAL)
                     .Default(-1);
  if (kind < 0)
    return forward.emitError("there is no nn.initializer of kind \"") << kindOf(attributes) << "\"";
  return emit::Initializer{kind, numberOf(attributes, "a"), numberOf(attributes, "b")};
}

LogicalResult Training::readSlots() {
  for (unsigned index = 0; index < update.getNumArguments(); ++index) {
    auto name = update.getArgAttrOfType<StringAttr>(index, nn::kSlotAttr);
    if (!name)
      continue;
    FailureOr<emit::TensorInfo> tensor =
        describeTensor(update, name, update.getArgumentTypes()[index]);
    double init = numberOf(update.getArgAttrDict(index), nn::kInitAttr);
    if (failed(tensor) ||
        failed(addState(DLC_RT_SLOT, std::move(*tensor), slots, {DLC_RT_CONSTANT, init, 0})))
      return failure();
  }
  return success();
}

// First the parameters, then slots and gradients.
LogicalResult Training::readState() {
  for (func::FuncOp function : {gradients, backward, update})
    if (failed(collectPlaces(function)))
      return failure();
  size_t param = 0;
  for (unsigned index = 0; index < forward.getNumArguments(); ++index) {
    if (!forward.getArgAttr(index, nn::kParamAttr))
      continue;
    FailureOr<emit::Initializer> initializer = initializerOf(forward, index);
    if (failed(initializer) ||
        failed(addState(DLC_RT_PARAMETER, model.params[param++], params, *initializer)))
      return failure();
  }
  if (failed(readSlots()))
    return failure();
  for (const emit::TensorInfo &tensor : model.params)
    if (parameterGradients.contains(tensor.name) &&
        failed(addState(DLC_RT_GRADIENT, tensor, parameterGradients, {})))
      return failure();
  auto bytes = module->getAttrOfType<IntegerAttr>(nn::kStateBytesAttr);
  if (!bytes)
    return module.emitError("needs the size of its state, nn.state_bytes");
  training.stateBytes = bytes.getInt();
  return success();
}

LogicalResult Training::read() {
  gradients = module.lookupSymbol<func::FuncOp>("gradients");
  if (!gradients)
    return success();
  if (failed(findFunctions()) || failed(readTargets()) || failed(readMetrics()) ||
      failed(readSchedule()) || failed(readState()))
    return failure();
  model.training = std::move(training);
  return success();
}

LogicalResult dlc::describeTraining(func::FuncOp forward, emit::Model &model) {
  return Training(forward, model).read();
}
