//===- Describe.cpp - a module's signature as emit wants it -------------------------===//

#include "compiler/Describe.h"
#include "dialects/nn/Nn.h"
#include "runtime/dlc_runtime.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace dlc;

static int32_t dtypeOf(Type type) {
  if (type.isF32())
    return DLC_FLOAT32;
  if (type.isInteger(8))
    return DLC_UINT8;
  return type.isInteger(32) ? DLC_INT32 : DLC_INT64;
}

static emit::TensorInfo tensorOf(StringAttr name, Type type) {
  auto tensor = cast<RankedTensorType>(type);
  emit::TensorInfo info{name.str(), dtypeOf(tensor.getElementType()), {}};
  info.shape.append(tensor.getShape().begin(), tensor.getShape().end());
  return info;
}

// The first extent of inputs and outputs is the batch, whether it is static or not.
static emit::TensorInfo sampleOf(StringAttr name, Type type) {
  emit::TensorInfo info = tensorOf(name, type);
  if (!info.shape.empty())
    info.shape[0] = -1;
  return info;
}

FailureOr<emit::Model> dlc::describeModel(ModuleOp module) {
  auto forward = module.lookupSymbol<func::FuncOp>("forward");
  if (!forward)
    return module.emitError("needs a function @forward");
  emit::Model model;
  auto name = module->getAttrOfType<StringAttr>(nn::kModelAttr);
  model.name = name ? name.str() : "model";
  for (auto [index, type] : llvm::enumerate(forward.getArgumentTypes())) {
    if (auto input = forward.getArgAttrOfType<StringAttr>(index, nn::kInputAttr)) {
      int64_t batch = cast<RankedTensorType>(type).getDimSize(0);
      model.staticBatch = ShapedType::isDynamic(batch) ? 0 : batch;
      model.inputs.push_back(sampleOf(input, type));
    } else if (auto param = forward.getArgAttrOfType<StringAttr>(index, nn::kParamAttr)) {
      model.params.push_back(tensorOf(param, type));
    } else if (!forward.getArgAttr(index, nn::kBatchAttr)) {
      return forward.emitError("argument ")
             << index << " of @forward needs one of nn.batch, nn.input and nn.param";
    }
  }
  for (auto [index, type] : llvm::enumerate(forward.getResultTypes())) {
    auto output = forward.getResultAttrOfType<StringAttr>(index, nn::kOutputAttr);
    if (!output)
      return forward.emitError("result ") << index << " of @forward needs an nn.output name";
    model.outputs.push_back(sampleOf(output, type));
  }
  return model;
}

void dlc::describeMemory(ModuleOp module, emit::Variant &variant) {
  auto bytes = [](Operation *op, StringRef name) {
    auto attribute = op ? op->getAttrOfType<IntegerAttr>(name) : IntegerAttr();
    return attribute ? attribute.getInt() : 0;
  };
  Operation *forward = module.lookupSymbol("forward"), *prepare = module.lookupSymbol("prepare");
  variant.preparedBytes = bytes(module, nn::kPreparedBytesAttr);
  variant.prepareScratchBytes = bytes(prepare, nn::kArenaConstAttr);
  variant.arenaConstBytes = bytes(forward, nn::kArenaConstAttr);
  variant.arenaBatchBytes = bytes(forward, nn::kArenaBatchAttr);
}
