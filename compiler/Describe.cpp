//===- Describe.cpp - a module's signature as emit wants it -------------------------===//

#include "compiler/Describe.h"
#include "compiler/DescribeTraining.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "runtime/dlc_runtime.h"

using namespace mlir;
using namespace dlc;

// The element types that a caller of the library can pass.
static std::optional<int32_t> dtypeOf(Type type) {
  if (type.isF32())
    return DLC_FLOAT32;
  if (type.isUnsignedInteger(8))
    return DLC_UINT8;
  if (type.isSignlessInteger(32))
    return DLC_INT32;
  if (type.isSignlessInteger(64))
    return DLC_INT64;
  return std::nullopt;
}

namespace {

// Reads the signature of @forward. A module may be a user's own, so nothing is taken for granted.
class Signature {
public:
  Signature(func::FuncOp forward, emit::Model &model) : forward(forward), model(model) {}
  LogicalResult read();

private:
  LogicalResult readArgument(unsigned index, Type type);
  FailureOr<emit::TensorInfo> sampleOf(StringAttr name, Type type);

  func::FuncOp forward;
  emit::Model &model;
  std::optional<int64_t> batch; // the first extent of the inputs and outputs so far
  bool hasBatchArgument = false;
};

} // namespace

FailureOr<emit::TensorInfo> dlc::describeTensor(func::FuncOp function, StringAttr name, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  std::optional<int32_t> dtype = tensor ? dtypeOf(tensor.getElementType()) : std::nullopt;
  if (!dtype)
    return function.emitError("\"") << name.getValue() << "\" is " << type
                                    << ", but must be a tensor of f32, ui8, i32 or i64";
  emit::TensorInfo info{name.str(), *dtype, {}};
  info.shape.append(tensor.getShape().begin(), tensor.getShape().end());
  return info;
}

// The first extent of inputs and outputs is the batch, whether it is static or not.
FailureOr<emit::TensorInfo> Signature::sampleOf(StringAttr name, Type type) {
  FailureOr<emit::TensorInfo> info = describeTensor(forward, name, type);
  if (failed(info))
    return failure();
  if (info->shape.empty() || info->shape[0] == 0)
    return forward.emitError("\"")
           << name.getValue() << "\" is " << type << ", but its first extent must be the batch";
  if (batch.value_or(info->shape[0]) != info->shape[0])
    return forward.emitError("\"") << name.getValue() << "\" is " << type
                                   << ", but all inputs and outputs must have one batch";
  batch = std::exchange(info->shape[0], -1);
  return info;
}

LogicalResult Signature::readArgument(unsigned index, Type type) {
  if (auto name = forward.getArgAttrOfType<StringAttr>(index, nn::kInputAttr)) {
    FailureOr<emit::TensorInfo> input = sampleOf(name, type);
    if (succeeded(input))
      model.inputs.push_back(*input);
    return input;
  }
  if (auto name = forward.getArgAttrOfType<StringAttr>(index, nn::kParamAttr)) {
    FailureOr<emit::TensorInfo> param = describeTensor(forward, name, type);
    if (succeeded(param))
      model.params.push_back(*param);
    return param;
  }
  if (!forward.getArgAttr(index, nn::kBatchAttr))
    return forward.emitError("argument ")
           << index << " of @forward needs one of nn.batch, nn.input and nn.param";
  if (!type.isIndex())
    return forward.emitError("the argument marked nn.batch must be of type index, not ") << type;
  hasBatchArgument = true;
  return success();
}

LogicalResult Signature::read() {
  for (auto [index, type] : llvm::enumerate(forward.getArgumentTypes()))
    if (failed(readArgument(index, type)))
      return failure();
  for (auto [index, type] : llvm::enumerate(forward.getResultTypes())) {
    auto name = forward.getResultAttrOfType<StringAttr>(index, nn::kOutputAttr);
    if (!name)
      return forward.emitError("result ") << index << " of @forward needs an nn.output name";
    FailureOr<emit::TensorInfo> output = sampleOf(name, type);
    if (failed(output))
      return failure();
    model.outputs.push_back(*output);
  }
  model.staticBatch = batch && !ShapedType::isDynamic(*batch) ? *batch : 0;
  if (!model.staticBatch && !hasBatchArgument)
    return forward.emitError("a batch of any size needs an argument of type index marked nn.batch");
  return success();
}

FailureOr<emit::Model> dlc::describeModel(ModuleOp module) {
  auto forward = module.lookupSymbol<func::FuncOp>("forward");
  if (!forward)
    return module.emitError("needs a function @forward");
  for (Operation &op : *module.getBody())
    if (auto function = dyn_cast<func::FuncOp>(op);
        !function || (function != forward && !isTrainingFunction(function.getName())))
      return op.emitOpError("stands beside @forward, but is no function of a model");
  if (!forward.getBody().hasOneBlock())
    return forward.emitError("@forward needs a body of one block");
  emit::Model model;
  auto name = module->getAttrOfType<StringAttr>(nn::kModelAttr);
  model.name = name ? name.str() : "model";
  if (failed(Signature(forward, model).read()) || failed(describeTraining(forward, model)))
    return failure();
  return model;
}

void dlc::describeMemory(ModuleOp module, emit::Variant &variant) {
  auto number = [](Operation *op, StringRef name) {
    auto attribute = op ? op->getAttrOfType<IntegerAttr>(name) : IntegerAttr();
    return attribute ? attribute.getInt() : 0;
  };
  Operation *forward = module.lookupSymbol("forward"), *prepare = module.lookupSymbol("prepare");
  variant.preparedBytes = number(module, nn::kPreparedBytesAttr);
  variant.prepareScratchBytes = number(prepare, nn::kArenaConstAttr);
  variant.arenaConstBytes = number(forward, nn::kArenaConstAttr);
  variant.arenaBatchBytes = number(forward, nn::kArenaBatchAttr);
  variant.arenaThreadBytes = number(forward, nn::kArenaThreadAttr);
  variant.batchStep = number(forward, nn::kBatchStepAttr);
  for (StringRef name : {"gradients", "backward", "update", "metrics"}) {
    Operation *function = module.lookupSymbol(name);
    auto atLeast = [&](int64_t &bytes, StringRef term) {
      bytes = std::max(bytes, number(function, term));
    };
    atLeast(variant.trainArenaConstBytes, nn::kArenaConstAttr);
    atLeast(variant.trainArenaBatchBytes, nn::kArenaBatchAttr);
    atLeast(variant.trainArenaThreadBytes, nn::kArenaThreadAttr);
  }
}
