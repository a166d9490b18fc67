//===- Import.cpp - a model file becomes an nn module -------------------------------===//

#include "compiler/frontend/Import.h"
#include "compiler/frontend/Inspect.h"
#include "compiler/frontend/LayerBuilder.h"
#include "compiler/frontend/Train.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using llvm::Twine;

namespace dlc::frontend {

namespace {

// Builds @forward layer by layer. Parameters become arguments of the entry block as layers ask for
// them; the signature is written at the end.
class ModuleBuilder {
public:
  ModuleBuilder(Messages &messages, const Model &model, MLIRContext &context,
                const ImportOptions &options)
      : messages(messages), model(model), builder(&context), train(options.train),
        batch(options.batch ? options.batch : ShapedType::kDynamic) {}

  FailureOr<OwningOpRef<ModuleOp>> build(std::vector<LayerInfo> &infos);

private:
  Location locationOf(StringRef name, llvm::SMLoc loc) {
    return layerLocation(builder.getContext(), messages.getSources(), name, loc);
  }
  Type elementType(StringRef dtype);
  LogicalResult addInput(const Input &input);
  LogicalResult addLayer(const Layer &layer, std::vector<LayerInfo> &infos);
  LogicalResult addReturn();
  Attribute spellInitializer(const Initializer &initializer);
  void writeSignature();
  LogicalResult addTraining(ModuleOp module);

  Messages &messages;
  const Model &model;
  OpBuilder builder;
  bool train;
  int64_t batch;
  func::FuncOp function;
  Block *entry = nullptr;
  SmallVector<Tensor> values; // by node
  Parameters parameters;
};

} // namespace

Type ModuleBuilder::elementType(StringRef dtype) {
  if (dtype == "float32")
    return builder.getF32Type();
  if (dtype == "uint8")
    return builder.getIntegerType(8, /*isSigned=*/false);
  return builder.getIntegerType(dtype == "int32" ? 32 : 64);
}

Attribute ModuleBuilder::spellInitializer(const Initializer &initializer) {
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("kind", builder.getStringAttr(initializer.kind)),
       builder.getNamedAttr("a", builder.getF64FloatAttr(initializer.a)),
       builder.getNamedAttr("b", builder.getF64FloatAttr(initializer.b))});
}

LogicalResult ModuleBuilder::addInput(const Input &input) {
  Location loc = locationOf(input.name, input.loc);
  SmallVector<int64_t> shape = {batch};
  shape.append(input.shape.begin(), input.shape.end());
  if (!isWithinBounds(shape))
    return messages.error(input.loc, "input \"" + input.name + "\": a batch of " + Twine(batch) +
                                         " is larger than 1 TiB");
  Value value = entry->addArgument(RankedTensorType::get(shape, elementType(input.dtype)), loc);
  if (input.dtype != "float32") {
    auto cast = nn::tryCreate<nn::CastOp>(builder, loc, value);
    if (failed(cast))
      return failure();
    value = *cast;
  }
  values.push_back({value});
  return success();
}

LogicalResult ModuleBuilder::addLayer(const Layer &layer, std::vector<LayerInfo> &infos) {
  SmallVector<Tensor> inputs;
  for (Node node : layer.from)
    inputs.push_back(values[node]);
  Operation *before = entry->empty() ? nullptr : &entry->back();
  size_t parametersBefore = parameters.size();
  LayerBuilder layerBuilder(messages, model, layer, builder, parameters, inputs);
  FailureOr<Tensor> result = layer.type->build(layerBuilder);
  if (failed(result))
    return failure();
  values.push_back(*result);
  LayerInfo &info = infos.emplace_back();
  info.name = layer.name;
  info.type = layer.type->name.str();
  describeResult(*result, info);
  for (auto &parameter : llvm::drop_begin(parameters, parametersBefore))
    info.parameters += cast<RankedTensorType>(parameter.second->value.getType()).getNumElements();
  auto first = before ? std::next(before->getIterator()) : entry->begin();
  for (Operation &op : llvm::make_range(first, entry->end()))
    info.flops += flopsPerSample(op);
  return success();
}

LogicalResult ModuleBuilder::addReturn() {
  SmallVector<Value> results;
  for (Node node : model.outputs) {
    const Layer &layer = model.layer(node);
    LayerBuilder layerBuilder(messages, model, layer, builder, parameters, values[node]);
    FailureOr<Value> value = layerBuilder.logical();
    if (failed(value))
      return failure();
    results.push_back(*value);
  }
  func::ReturnOp::create(builder, function.getLoc(), results);
  return success();
}

void ModuleBuilder::writeSignature() {
  MLIRContext *context = builder.getContext();
  auto named = [&](StringRef attribute, StringRef name) {
    return builder.getNamedAttr(attribute, StringAttr::get(context, name));
  };
  NamedAttribute unit = builder.getNamedAttr(nn::kTrainableAttr, builder.getUnitAttr());
  SmallVector<DictionaryAttr> arguments = {
      builder.getDictionaryAttr(builder.getNamedAttr(nn::kBatchAttr, builder.getUnitAttr()))};
  for (const Input &input : model.inputs)
    arguments.push_back(builder.getDictionaryAttr(named(nn::kInputAttr, input.name)));
  for (auto &[name, parameter] : parameters) {
    SmallVector<NamedAttribute> attributes = {named(nn::kParamAttr, name)};
    if (parameter->kind == ParamKind::State)
      attributes.push_back(builder.getNamedAttr(nn::kStateAttr, builder.getUnitAttr()));
    else if (parameter->trainable)
      attributes.push_back(unit);
    if (train)
      attributes.push_back(
          builder.getNamedAttr(nn::kInitializerAttr, spellInitializer(parameter->initializer)));
    arguments.push_back(builder.getDictionaryAttr(attributes));
  }
  SmallVector<DictionaryAttr> results;
  for (Node node : model.outputs)
    results.push_back(builder.getDictionaryAttr(named(nn::kOutputAttr, model.nameOf(node))));
  function.setFunctionType(builder.getFunctionType(entry->getArgumentTypes(),
                                                   entry->getTerminator()->getOperandTypes()));
  function.setAllArgAttrs(arguments);
  function.setAllResultAttrs(results);
}

LogicalResult ModuleBuilder::addTraining(ModuleOp module) {
  SmallVector<TrainedOutput> outputs;
  for (auto [node, type] : llvm::zip_equal(model.outputs, function.getResultTypes()))
    outputs.push_back(
        {model.nameOf(node), cast<RankedTensorType>(type), values[node].channelsFirst});
  return buildTraining(messages, model, outputs, parameters, module);
}

FailureOr<OwningOpRef<ModuleOp>> ModuleBuilder::build(std::vector<LayerInfo> &infos) {
  StringRef file = messages.getSources()
                       .getMemoryBuffer(messages.getSources().getMainFileID())
                       ->getBufferIdentifier();
  Location loc = FileLineColLoc::get(builder.getContext(), file, 1, 1);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  (*module)->setAttr(nn::kModelAttr, builder.getStringAttr(model.name));
  builder.setInsertionPointToStart(module->getBody());
  function = func::FuncOp::create(builder, loc, "forward", builder.getFunctionType({}, {}));
  entry = function.addEntryBlock();
  entry->addArgument(builder.getIndexType(), loc);
  builder.setInsertionPointToStart(entry);
  for (const Input &input : model.inputs)
    if (failed(addInput(input)))
      return failure();
  for (const Layer &layer : model.layers)
    if (failed(addLayer(layer, infos)))
      return failure();
  if (failed(addReturn()))
    return failure();
  writeSignature();
  if (train && failed(addTraining(*module)))
    return failure();
  if (failed(verify(*module)))
    return failure();
  return module;
}

// A relative path of a weights file is relative to the model file.
static std::string resolveWeights(StringRef weights, StringRef modelFile) {
  if (weights.empty() || llvm::sys::path::is_absolute(weights))
    return weights.str();
  SmallString<128> path = llvm::sys::path::parent_path(modelFile);
  llvm::sys::path::append(path, weights);
  return path.str().str();
}

FailureOr<OwningOpRef<ModuleOp>> importModel(llvm::SourceMgr &sources, MLIRContext &context,
                                             const ImportOptions &options, ModelInfo &info) {
  FailureOr<Model> model = readModel(sources);
  if (failed(model))
    return failure();
  info.name = model->name;
  info.weights = resolveWeights(
      model->weights, sources.getMemoryBuffer(sources.getMainFileID())->getBufferIdentifier());
  info.json = printModel(*model);
  info.layers.clear();
  context.loadDialect<nn::NnDialect, func::FuncDialect, arith::ArithDialect, math::MathDialect>();
  Messages messages(sources);
  LayerDiagnostics diagnostics(&context, sources);
  return ModuleBuilder(messages, *model, context, options).build(info.layers);
}

} // namespace dlc::frontend
