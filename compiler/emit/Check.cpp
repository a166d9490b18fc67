//===-- Check.cpp - Checks of a model's description -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Check.h"

#include "compiler/emit/Descriptor.h"
#include "compiler/emit/Names.h"
#include "runtime/ModelDesc.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace dlc::emit;

char Fault::ID;

Error dlc::emit::makeFault(const Twine &message) { return make_error<Fault>(message.str()); }

/// Also checks that the elements of one sample can be counted in bytes.
static Error checkTensor(const Model &model, const TensorInfo &tensor, bool hasBatch) {
  auto fail = [&](const Twine &what) {
    return createStringError("model \"" + model.name + "\": tensor \"" + tensor.name + "\" " +
                             what);
  };
  if (tensor.shape.size() > DLC_MAX_RANK)
    return fail(formatv("has {0} dimensions, the batch included; at most {1} are possible",
                        tensor.shape.size(), DLC_MAX_RANK)
                    .str());
  if (hasBatch && tensor.shape.empty())
    return fail("has no batch dimension");
  int64_t bytes = dlc_dtype_bytes(tensor.dtype);
  if (bytes == 0)
    return fail("has an unknown element type");
  ArrayRef<int64_t> extents = ArrayRef(tensor.shape).drop_front(hasBatch ? 1 : 0);
  for (int64_t extent : extents)
    if (extent <= 0 || MulOverflow(bytes, extent, bytes))
      return fail("has an impossible shape; every extent must be positive and their product "
                  "below 2^63 bytes");
  return Error::success();
}

static Error checkStateTensor(const Training &training, const StateTensor &entry) {
  auto fault = [&](const Twine &what) {
    return makeFault("\"" + entry.tensor.name + "\" " + what);
  };
  int64_t bytes = dlc_dtype_bytes(entry.tensor.dtype), end = 0;
  for (int64_t extent : entry.tensor.shape)
    if (extent <= 0 || MulOverflow(bytes, extent, bytes))
      return fault("has an impossible shape");
  if (entry.offset < 0 || entry.offset % 64 || AddOverflow(entry.offset, bytes, end) ||
      end > training.stateBytes)
    return fault("lies at byte " + Twine(entry.offset) + " of a state of " +
                 Twine(training.stateBytes));
  return Error::success();
}

/// What Emit.h asks of Model::training.
static Error checkTraining(const Model &model) {
  const Training &training = *model.training;
  if (training.targets.empty() || training.metrics.empty())
    return makeFault("model \"" + model.name + "\" trains without a target or a metric");
  for (const TargetTensor &target : training.targets) {
    if (Error error = checkTensor(model, target.tensor, /*hasBatch=*/true))
      return error;
    if (target.classes < 0 || (target.classes && target.tensor.dtype != DLC_INT32))
      return makeFault("the labels of \"" + target.tensor.name + "\" are no int32");
  }
  if (training.stateBytes < 0 || training.stateBytes % 64)
    return makeFault("the state is no multiple of 64 bytes: " + Twine(training.stateBytes));
  StringSet<> names; // of what a training state's file holds
  for (const StateTensor &entry : training.state) {
    if (Error error = checkStateTensor(training, entry))
      return error;
    if (entry.role != DLC_RT_GRADIENT && !names.insert(entry.tensor.name).second)
      return createStringError("model \"" + model.name + "\": two tensors of its training state " +
                               "are called \"" + entry.tensor.name + "\"; rename a layer");
  }
  auto isParam = [&](size_t i) {
    return i < training.state.size() && training.state[i].role == DLC_RT_PARAMETER &&
           training.state[i].tensor.name == model.params[i].name;
  };
  for (size_t i = 0; i < model.params.size(); ++i)
    if (!isParam(i))
      return makeFault("\"" + model.params[i].name + "\" is missing in the state");
  return Error::success();
}

Error dlc::emit::checkModel(const Model &model) {
  if (Error error = makeNames(model).takeError())
    return error;
  if (model.outputs.empty())
    return createStringError("model \"" + model.name + "\" has no outputs; name at least one");
  for (const auto *list : {&model.inputs, &model.outputs})
    for (const TensorInfo &tensor : *list)
      if (Error error = checkTensor(model, tensor, /*hasBatch=*/true))
        return error;
  StringSet<> params;
  for (const TensorInfo &param : model.params) {
    if (Error error = checkTensor(model, param, /*hasBatch=*/false))
      return error;
    if (!params.insert(param.name).second)
      return createStringError("model \"" + model.name + "\": two parameters are called \"" +
                               param.name + "\"; rename a layer");
  }
  return model.training ? checkTraining(model) : Error::success();
}

/// The signature that Emit.h documents, by the number of pointers.
static bool hasSignature(const Function &function, unsigned arguments, bool batch) {
  FunctionType *type = function.getFunctionType();
  if (!type->getReturnType()->isVoidTy() || type->getNumParams() != arguments)
    return false;
  for (auto [i, param] : enumerate(type->params()))
    if (batch && i == 1 ? !param->isIntegerTy(64) : !param->isPointerTy())
      return false;
  return true;
}

static Error checkVariant(const Variant &variant, bool trains) {
  auto fault = [&](const Twine &what) {
    return makeFault("CPU variant \"" + variant.name + "\" " + what);
  };
  for (int64_t bytes :
       {variant.preparedBytes, variant.prepareScratchBytes, variant.arenaConstBytes,
        variant.arenaBatchBytes, variant.arenaThreadBytes, variant.trainArenaConstBytes,
        variant.trainArenaBatchBytes, variant.trainArenaThreadBytes})
    if (bytes < 0 || bytes % 64 != 0)
      return fault("has a block that is no multiple of 64 bytes: " + Twine(bytes));
  if (!variant.module)
    return fault("has no module");
  SmallVector<StringRef> functions = {"forward"};
  if (trains)
    append_range(functions, trainingFunctions);
  for (StringRef name : functions) {
    const Function *function = variant.module->getFunction(name);
    if (!function || function->isDeclaration() || !hasSignature(*function, 6, /*batch=*/true))
      return fault("does not define @" + name + "(ptr, i64, ptr, ptr, ptr, ptr)");
  }
  const Function *prepare = variant.module->getFunction("prepare");
  bool hasPrepare = prepare && !prepare->isDeclaration();
  if (hasPrepare ? !hasSignature(*prepare, 3, /*batch=*/false) : variant.preparedBytes != 0)
    return fault("does not define @prepare(ptr, ptr, ptr)");
  return Error::success();
}

Error dlc::emit::checkVariants(const Model &model) {
  if (model.variants.empty())
    return makeFault("model \"" + model.name + "\" has no CPU variant");
  StringSet<> names;
  for (const Variant &variant : model.variants) {
    if (!names.insert(makeIdentifier(variant.name)).second)
      return makeFault("two CPU variants are called \"" + variant.name + "\"");
    if (Error error = checkVariant(variant, model.training.has_value()))
      return error;
  }
  return Error::success();
}

uint64_t dlc::emit::cpuFeatureBit(StringRef name) {
  return StringSwitch<uint64_t>(name)
#define FEATURE(bit, feature) .Case(feature, uint64_t{1} << bit)
      DLC_RT_CPU_FEATURES(FEATURE)
#undef FEATURE
          .Default(0);
}
