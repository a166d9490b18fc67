//===- Differentiate.cpp - @gradients and @backward from @forward and @loss ----------===//
//
// Both functions begin with the training form of @forward. @gradients goes on with @loss and walks
// back from it; @backward walks back from gradients of the outputs that its caller gives, and adds
// to the gradients that are there. State that the training form renews (the moving statistics of a
// batch normalisation) comes back as results named like the parameters.
//
//   func @forward(%batch, %x {nn.input}, %w {nn.param = "w", nn.trainable}) -> (t {nn.output =
//   "y"}) func @loss(%batch, %y {nn.output = "y"}, %t {nn.target = "y"}) -> tensor<1xf32>
//   ->
//   func @forward(...)
//   func @gradients(%batch, %random, %x, %t, %w) -> (tensor<1xf32> {nn.output = "loss"},
//                                                    t {nn.gradient = "w"})
//   func @backward(%batch, %random, %x, %dy, %w, %g {nn.gradient = "w"}) ->
//       (t {nn.output = "gradient of x"}, t {nn.gradient = "w"})
//
//===---------------------------------------------------------------------------------===//

#include "compiler/autodiff/Passes.h"
#include "compiler/autodiff/Reverse.h"
#include "dialects/nn/Expr.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

namespace dlc::autodiff {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "compiler/autodiff/Passes.h.inc"
} // namespace dlc::autodiff

using namespace mlir;
using namespace dlc;
using namespace dlc::autodiff;

namespace {

// One of the two functions under construction.
class TrainingFunction {
public:
  TrainingFunction(func::FuncOp forward, StringRef name);

  /// Adds an argument, marked with one attribute and perhaps others.
  Value addArgument(Type type, StringRef attribute, StringRef name,
                    ArrayRef<NamedAttribute> more = {});
  LogicalResult differentiateLoss(func::FuncOp loss);
  LogicalResult differentiateOutputs();
  void finish();

private:
  void addInputs();
  void addTargets(func::FuncOp loss);
  void addParameters();
  LogicalResult cloneForward();
  Value argumentOfLoss(func::FuncOp loss, unsigned index);
  FailureOr<Value> inlineLoss(func::FuncOp loss);
  NamedAttribute named(StringRef attribute, StringRef name) {
    return builder.getNamedAttr(attribute, builder.getStringAttr(name));
  }
  void addResult(Value value, StringRef attribute, StringRef name) {
    results.push_back(value);
    resultMarks.push_back(builder.getDictionaryAttr(named(attribute, name)));
  }
  void addUpdates();
  SmallVector<BlockArgument> forwardArguments(StringRef attribute);
  StringRef nameOf(BlockArgument argument, StringRef attribute) {
    return forward.getArgAttrOfType<StringAttr>(argument.getArgNumber(), attribute).getValue();
  }
  Value constant(Value like, double value);

  func::FuncOp forward;
  OpBuilder builder;
  func::FuncOp function;
  Block *body;
  Value random;
  SmallVector<DictionaryAttr> argumentMarks, resultMarks;
  SmallVector<Value> results, outputs;
  DenseMap<unsigned, Value> targets;             // by the numbers of @loss's arguments
  IRMapping mapping;                             // from @forward's values
  llvm::MapVector<BlockArgument, Value> updates; // new values of @forward's state
  int64_t sites = 0;
};

} // namespace

TrainingFunction::TrainingFunction(func::FuncOp forward, StringRef name)
    : forward(forward), builder(forward.getContext()) {
  builder.setInsertionPointAfter(forward);
  function = func::FuncOp::create(builder, forward.getLoc(), name, builder.getFunctionType({}, {}));
  body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  Value batch = body->addArgument(builder.getIndexType(), forward.getLoc());
  argumentMarks.push_back(
      builder.getDictionaryAttr(builder.getNamedAttr(nn::kBatchAttr, builder.getUnitAttr())));
  if (Value old = nn::findBatch(forward))
    mapping.map(old, batch);
  random = addArgument(RankedTensorType::get({4}, builder.getI32Type()), nn::kInputAttr, "random");
}

Value TrainingFunction::addArgument(Type type, StringRef attribute, StringRef name,
                                    ArrayRef<NamedAttribute> more) {
  SmallVector<NamedAttribute> attributes(more);
  attributes.push_back(named(attribute, name));
  argumentMarks.push_back(builder.getDictionaryAttr(attributes));
  return body->addArgument(type, forward.getLoc());
}

SmallVector<BlockArgument> TrainingFunction::forwardArguments(StringRef attribute) {
  SmallVector<BlockArgument> arguments;
  for (BlockArgument argument : forward.getArguments())
    if (forward.getArgAttr(argument.getArgNumber(), attribute))
      arguments.push_back(argument);
  return arguments;
}

void TrainingFunction::addInputs() {
  for (BlockArgument input : forwardArguments(nn::kInputAttr))
    mapping.map(input, addArgument(input.getType(), nn::kInputAttr, nameOf(input, nn::kInputAttr)));
}

void TrainingFunction::addParameters() {
  for (BlockArgument parameter : forwardArguments(nn::kParamAttr))
    mapping.map(parameter, addArgument(parameter.getType(), nn::kParamAttr,
                                       nameOf(parameter, nn::kParamAttr)));
}

// A state that two ops renew (of shared layers) is renewed by one after the other.
LogicalResult TrainingFunction::cloneForward() {
  DenseMap<Value, BlockArgument> owners; // of a state's values, the newest included
  for (BlockArgument parameter : forwardArguments(nn::kParamAttr))
    owners[mapping.lookup(parameter)] = parameter;
  for (Operation &op : forward.getBody().front().without_terminator()) {
    Operation *clone = builder.clone(op, mapping);
    auto training = dyn_cast<nn::TrainingOpInterface>(clone);
    if (!training)
      continue;
    SmallVector<Value> values;
    SmallVector<std::pair<Value, Value>> renewed;
    if (failed(training.buildTraining(builder, random, sites++, values, renewed)))
      return failure();
    mapping.map(op.getResults(), values);
    clone->erase();
    for (auto [old, value] : renewed) {
      BlockArgument owner = owners.lookup(old);
      if (!owner)
        continue; // a constant
      owners[value] = owner;
      updates[owner] = value;
      mapping.map(owner, value);
    }
  }
  for (Value output : forward.getBody().front().getTerminator()->getOperands())
    outputs.push_back(mapping.lookup(output));
  // Frozen layers and gradients read what the parameters were.
  for (auto [owner, value] : owners)
    if (isa<BlockArgument>(owner))
      mapping.map(value, owner);
  return success();
}

Value TrainingFunction::constant(Value like, double value) {
  return nn::MapOp::create(builder, forward.getLoc(), cast<RankedTensorType>(like.getType()),
                           ValueRange(), [&](OpBuilder &b, Location l, ValueRange) {
                             return nn::floatConstant(b, l, b.getF32Type(), value);
                           });
}

void TrainingFunction::addUpdates() {
  for (auto [parameter, value] : updates)
    addResult(value, nn::kParamAttr, nameOf(parameter, nn::kParamAttr));
}

void TrainingFunction::addTargets(func::FuncOp loss) {
  for (unsigned i = 0; i < loss.getNumArguments(); ++i)
    if (auto target = loss.getArgAttrOfType<StringAttr>(i, nn::kTargetAttr)) {
      SmallVector<NamedAttribute> more;
      if (Attribute classes = loss.getArgAttr(i, nn::kClassesAttr))
        more.push_back(builder.getNamedAttr(nn::kClassesAttr, classes));
      targets[i] = addArgument(loss.getArgumentTypes()[i], nn::kInputAttr,
                               ("target of " + target.getValue()).str(), more);
    }
}

// What stands for an argument of @loss here, by what marks it; null where nothing does.
Value TrainingFunction::argumentOfLoss(func::FuncOp loss, unsigned index) {
  if (auto name = loss.getArgAttrOfType<StringAttr>(index, nn::kOutputAttr)) {
    for (auto [i, output] : llvm::enumerate(outputs))
      if (forward.getResultAttrOfType<StringAttr>(i, nn::kOutputAttr) == name)
        return output;
    return {};
  }
  if (auto name = loss.getArgAttrOfType<StringAttr>(index, nn::kParamAttr)) {
    for (BlockArgument parameter : forwardArguments(nn::kParamAttr))
      if (nameOf(parameter, nn::kParamAttr) == name.getValue())
        return mapping.lookup(parameter);
    return {};
  }
  return loss.getArgAttr(index, nn::kBatchAttr) ? body->getArgument(0) : targets.lookup(index);
}

// The loss, from the ops of @loss.
FailureOr<Value> TrainingFunction::inlineLoss(func::FuncOp loss) {
  IRMapping inlined;
  for (BlockArgument old : loss.getArguments()) {
    Value value = argumentOfLoss(loss, old.getArgNumber());
    if (!value || value.getType() != old.getType())
      return loss.emitError("argument ")
             << old.getArgNumber()
             << " of @loss is no batch, output, target or parameter of @forward";
    inlined.map(old, value);
  }
  for (Operation &op : loss.getBody().front().without_terminator()) {
    // A loss may fold into what it reads, such as a softmax: better before its slope is built.
    SmallVector<OpFoldResult> inPlaceOnly;
    (void)builder.clone(op, inlined)->fold(inPlaceOnly);
  }
  return inlined.lookup(loss.getBody().front().getTerminator()->getOperand(0));
}

LogicalResult TrainingFunction::differentiateLoss(func::FuncOp loss) {
  addInputs();
  addTargets(loss);
  addParameters();
  if (failed(cloneForward()))
    return failure();
  FailureOr<Value> result = inlineLoss(loss);
  if (failed(result))
    return failure();
  SmallVector<Value> sources;
  for (BlockArgument parameter : forwardArguments(nn::kTrainableAttr))
    sources.push_back(mapping.lookup(parameter));
  Reverse reverse(builder, *body, sources);
  reverse.seed(*result, constant(*result, 1));
  if (failed(reverse.run()))
    return failure();
  addResult(*result, nn::kOutputAttr, "loss");
  for (BlockArgument parameter : forwardArguments(nn::kTrainableAttr)) {
    Value gradient = reverse.gradient(mapping.lookup(parameter));
    addResult(gradient ? gradient : constant(parameter, 0), nn::kGradientAttr,
              nameOf(parameter, nn::kParamAttr));
  }
  addUpdates();
  return success();
}

LogicalResult TrainingFunction::differentiateOutputs() {
  addInputs();
  SmallVector<Value> seeds;
  for (auto [i, type] : llvm::enumerate(forward.getResultTypes())) {
    auto name = forward.getResultAttrOfType<StringAttr>(i, nn::kOutputAttr);
    seeds.push_back(addArgument(type, nn::kInputAttr, ("gradient of " + name.getValue()).str()));
  }
  addParameters();
  SmallVector<std::pair<BlockArgument, Value>> old;
  for (BlockArgument parameter : forwardArguments(nn::kTrainableAttr))
    old.emplace_back(parameter, addArgument(parameter.getType(), nn::kGradientAttr,
                                            nameOf(parameter, nn::kParamAttr)));
  if (failed(cloneForward()))
    return failure();
  SmallVector<Value> sources;
  SmallVector<BlockArgument> inputs;
  for (BlockArgument input : forwardArguments(nn::kInputAttr))
    if (getElementTypeOrSelf(input.getType()).isF32()) {
      inputs.push_back(input);
      sources.push_back(mapping.lookup(input));
    }
  for (auto [parameter, gradient] : old)
    sources.push_back(mapping.lookup(parameter));
  Reverse reverse(builder, *body, sources);
  for (auto [output, seed] : llvm::zip_equal(outputs, seeds))
    reverse.seed(output, seed);
  if (failed(reverse.run()))
    return failure();
  for (BlockArgument input : inputs) {
    Value gradient = reverse.gradient(mapping.lookup(input));
    addResult(gradient ? gradient : constant(input, 0), nn::kOutputAttr,
              ("gradient of " + nameOf(input, nn::kInputAttr)).str());
  }
  for (auto [parameter, sum] : old) {
    Value gradient = reverse.gradient(mapping.lookup(parameter));
    if (gradient)
      gradient = nn::AddOp::create(builder, parameter.getLoc(), sum.getType(), sum, gradient);
    addResult(gradient ? gradient : sum, nn::kGradientAttr, nameOf(parameter, nn::kParamAttr));
  }
  addUpdates();
  return success();
}

void TrainingFunction::finish() {
  func::ReturnOp::create(builder, forward.getLoc(), results);
  function.setFunctionType(
      builder.getFunctionType(body->getArgumentTypes(), ValueRange(results).getTypes()));
  function.setAllArgAttrs(argumentMarks);
  function.setAllResultAttrs(resultMarks);
}

namespace {

struct Differentiate : autodiff::impl::DifferentiateBase<Differentiate> {
  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    auto loss = getOperation().lookupSymbol<func::FuncOp>("loss");
    if (!forward || !loss) {
      getOperation().emitError("needs @forward and @loss to differentiate");
      return signalPassFailure();
    }
    TrainingFunction backward(forward, "backward");
    TrainingFunction gradients(forward, "gradients");
    if (failed(gradients.differentiateLoss(loss)) || failed(backward.differentiateOutputs()))
      return signalPassFailure();
    gradients.finish();
    backward.finish();
    loss.erase();
  }
};

} // namespace
