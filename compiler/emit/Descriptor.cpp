//===-- Descriptor.cpp - The model as constants, and its C functions -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Descriptor.h"

#include "compiler/emit/Header.h"
#include "runtime/ModelDesc.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"

#include <cstddef>

using namespace llvm;
using namespace dlc::emit;

// The structs below repeat these field by field.
static_assert(offsetof(dlc_tensor_info, shape) == 16);
static_assert(offsetof(dlc_model_info, inputs) == 40);
static_assert(offsetof(dlc_model_info, arena_const_bytes) == 72);
static_assert(offsetof(dlc_model_info, train_arena_const_bytes) == 120);
static_assert(offsetof(dlc_schedule, warmup_steps) == 48);
static_assert(offsetof(dlc_rt_variant, prepared_bytes) == 32);
static_assert(offsetof(dlc_rt_variant, identity) == 80);
static_assert(offsetof(dlc_rt_variant, train_arena_const_bytes) == 128);
static_assert(offsetof(dlc_rt_state_tensor, a) == 96);
static_assert(offsetof(dlc_rt_training, schedule) == 32);
static_assert(offsetof(dlc_rt_model_desc, variants) == 144);
static_assert(offsetof(dlc_rt_variant, gpu) == 152);
static_assert(offsetof(dlc_rt_gpu_image, capability) == 16);
static_assert(offsetof(dlc_rt_gpu_code, max_batch) == 32);
static_assert(offsetof(dlc_rt_model_desc, gpu) == 160);
static_assert(offsetof(dlc_entry, set_first_sample) == 200);
static_assert(offsetof(dlc_entry, warm) == 208);

namespace {

/// One documented function: <name>_<suffix>(arguments) is one call of a runtime
/// function, which gets the descriptor first where `takesDescriptor`.
/// Types: p pointer, l int64, i int32 (dlc_status), d double, v nothing.
struct PublicFunction {
  StringLiteral suffix, runtimeName;
  bool takesDescriptor;
  char result;
  StringLiteral arguments;
};

/// In the order of dlc_entry.
constexpr PublicFunction publicFunctions[] = {
    {"_info", "dlc_rt_info", true, 'p', ""},
    {"_create", "dlc_rt_create", true, 'i', "pp"},
    {"_load", "dlc_rt_load", false, 'i', "pp"},
    {"_load_memory", "dlc_rt_load_memory", false, 'i', "ppl"},
    {"_forward", "dlc_rt_forward", false, 'i', "plpp"},
    {"_variant", "dlc_rt_variant_name", false, 'p', "p"},
    {"_error", "dlc_rt_error", false, 'p', "p"},
    {"_destroy", "dlc_rt_destroy", false, 'v', "p"},
    {"_save_prepared", "dlc_rt_save_prepared", false, 'i', "pp"},
};

/// Those of models that train, after the others.
constexpr PublicFunction trainingApi[] = {
    {"_train_step", "dlc_rt_train_step", false, 'i', "plppp"},
    {"_differentiate", "dlc_rt_differentiate", false, 'i', "plppp"},
    {"_backward", "dlc_rt_backward", false, 'i', "plppp"},
    {"_update", "dlc_rt_update", false, 'i', "p"},
    {"_zero_grad", "dlc_rt_zero_grad", false, 'i', "p"},
    {"_evaluate", "dlc_rt_evaluate", false, 'i', "plppp"},
    {"_gradients", "dlc_rt_gradients", false, 'i', "ppp"},
    {"_save", "dlc_rt_save_weights", false, 'i', "pp"},
    {"_save_state", "dlc_rt_save_state", false, 'i', "pp"},
    {"_load_state", "dlc_rt_load_state", false, 'i', "pp"},
    {"_set_schedule", "dlc_rt_set_schedule", false, 'i', "pp"},
    {"_get_schedule", "dlc_rt_get_schedule", false, 'i', "pp"},
    {"_learning_rate", "dlc_rt_learning_rate", false, 'd', "p"},
    {"_step", "dlc_rt_step", false, 'l', "p"},
    {"_set_first_sample", "dlc_rt_set_first_sample", false, 'i', "pl"},
};

/// Those of models with code for GPUs, after these.
constexpr PublicFunction gpuApi[] = {
    {"_warm", "dlc_rt_warm", false, 'i', "pl"},
};
static_assert(sizeof(dlc_entry) ==
              8 * (2 + std::size(publicFunctions) + std::size(trainingApi) + std::size(gpuApi)));

class DescriptorBuilder {
public:
  DescriptorBuilder(Module &module, const Model &model, const Names &names)
      : module(module), model(model), names(names), context(module.getContext()),
        i32(Type::getInt32Ty(context)), i64(Type::getInt64Ty(context)),
        pointer(PointerType::get(context, 0)) {}

  GlobalVariable *descriptor(ArrayRef<VariantCode> code);
  void functions(GlobalVariable *descriptor);

private:
  Constant *int32(int64_t value) { return ConstantInt::getSigned(i32, value); }
  Constant *int64(int64_t value) { return ConstantInt::getSigned(i64, value); }
  Constant *float64(double value) { return ConstantFP::get(Type::getDoubleTy(context), value); }
  Constant *null() { return ConstantPointerNull::get(pointer); }

  GlobalVariable *global(Constant *value, const Twine &name) {
    auto *variable = new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                        GlobalValue::PrivateLinkage, value, name);
    variable->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return variable;
  }
  Constant *string(StringRef text) {
    return global(ConstantDataArray::getString(context, text), "string");
  }
  Constant *record(ArrayRef<Constant *> fields) { return ConstantStruct::getAnon(fields); }
  /// A pointer to the elements; null where there are none.
  Constant *array(ArrayRef<Constant *> elements, StringRef name) {
    if (elements.empty())
      return null();
    auto *type = ArrayType::get(elements.front()->getType(), elements.size());
    return global(ConstantArray::get(type, elements), name);
  }

  Constant *orNull(Function *function) { return function ? cast<Constant>(function) : null(); }

  Constant *tensor(const TensorInfo &tensor, bool hasBatch);
  Constant *tensors(ArrayRef<TensorInfo> list, bool hasBatch, StringRef name);
  Constant *strings(ArrayRef<std::string> list, StringRef name);
  Constant *schedule(const Schedule &schedule);
  Constant *training();
  Constant *variant(const Variant &variant, const VariantCode &code);
  Constant *gpuCode(const GpuCode &code);
  Constant *backend();
  Constant *info();
  Type *type(char letter) {
    return letter == 'p'   ? static_cast<Type *>(pointer)
           : letter == 'l' ? i64
           : letter == 'i' ? i32
           : letter == 'd' ? Type::getDoubleTy(context)
                           : Type::getVoidTy(context);
  }
  Function *publicFunction(const PublicFunction &function, GlobalVariable *descriptor);

  Module &module;
  const Model &model;
  const Names &names;
  LLVMContext &context;
  Type *i32, *i64;
  PointerType *pointer;
};

/// dlc_tensor_info
Constant *DescriptorBuilder::tensor(const TensorInfo &tensor, bool hasBatch) {
  SmallVector<uint64_t> shape(tensor.shape.begin(), tensor.shape.end());
  if (hasBatch)
    shape.front() = -1;
  shape.resize(DLC_MAX_RANK, 0);
  return record({string(tensor.name), int32(tensor.dtype), int32(tensor.shape.size()),
                 ConstantDataArray::get(context, shape)});
}

/// dlc_tensor_info[]
Constant *DescriptorBuilder::tensors(ArrayRef<TensorInfo> list, bool hasBatch, StringRef name) {
  SmallVector<Constant *> elements;
  for (const TensorInfo &info : list)
    elements.push_back(tensor(info, hasBatch));
  return array(elements, name);
}

/// const char *[]
Constant *DescriptorBuilder::strings(ArrayRef<std::string> list, StringRef name) {
  SmallVector<Constant *> elements;
  for (const std::string &text : list)
    elements.push_back(string(text));
  return array(elements, name);
}

/// dlc_schedule
Constant *DescriptorBuilder::schedule(const Schedule &schedule) {
  return record({float64(schedule.learningRate), int64(schedule.kind), float64(schedule.gamma),
                 float64(schedule.power), float64(schedule.minimum), float64(schedule.period),
                 int64(schedule.warmupSteps)});
}

/// dlc_rt_training
Constant *DescriptorBuilder::training() {
  if (!model.training)
    return null();
  SmallVector<Constant *> state, classes;
  for (const StateTensor &entry : model.training->state)
    state.push_back(record({tensor(entry.tensor, /*hasBatch=*/false), int64(entry.offset),
                            int32(entry.role), int32(entry.initializer.kind),
                            float64(entry.initializer.a), float64(entry.initializer.b)}));
  for (const TargetTensor &target : model.training->targets)
    classes.push_back(int64(target.classes));
  return global(
      record({int64(model.training->stateBytes), int64(state.size()), array(state, "state"),
              array(classes, "classes"), schedule(model.training->schedule)}),
      "training");
}

/// dlc_rt_variant
Constant *DescriptorBuilder::variant(const Variant &variant, const VariantCode &code) {
  return record({string(variant.name), int64(static_cast<int64_t>(variant.cpuFeatures)),
                 orNull(code.prepare), code.forward, int64(variant.preparedBytes),
                 int64(variant.prepareScratchBytes), int64(variant.arenaConstBytes),
                 int64(variant.arenaBatchBytes), int64(variant.arenaThreadBytes),
                 int64(variant.batchStep), ConstantDataArray::get(context, ArrayRef(code.identity)),
                 orNull(code.training[0]), orNull(code.training[1]), orNull(code.training[2]),
                 orNull(code.training[3]), int64(variant.trainArenaConstBytes),
                 int64(variant.trainArenaBatchBytes), int64(variant.trainArenaThreadBytes),
                 variant.gpu ? gpuCode(*variant.gpu) : null()});
}

/// dlc_rt_gpu_code. The driver wants images aligned as sections are.
Constant *DescriptorBuilder::gpuCode(const GpuCode &code) {
  SmallVector<Constant *> images;
  for (const GpuImage &image : code.images) {
    bool isText = image.kind == DLC_RT_PTX || image.kind == DLC_RT_PTX_EXACT;
    GlobalVariable *data =
        global(ConstantDataArray::getString(context, image.data, /*AddNull=*/isText), "gpu_image");
    data->setAlignment(Align(64));
    images.push_back(record(
        {data, int64(image.data.size() + isText), int32(image.capability), int32(image.kind)}));
  }
  return global(record({array(images, "gpu_images"), int64(images.size()),
                        strings(code.kernels, "gpu_kernels"), int64(code.kernels.size()),
                        int64(code.maxBatch)}),
                "gpu_code");
}

/// The runtime for GPUs, only where there is something to run: nothing else refers to it.
Constant *DescriptorBuilder::backend() {
  if (!names.hasGpuCode)
    return null();
  return module.getOrInsertGlobal("dlc_rt_cuda", pointer);
}

/// dlc_model_info
Constant *DescriptorBuilder::info() {
  std::vector<std::string> variants, metrics;
  for (const Variant &variant : model.variants)
    variants.push_back(variant.name);
  std::vector<TensorInfo> targets;
  if (model.training) {
    metrics = model.training->metrics;
    for (const TargetTensor &target : model.training->targets)
      targets.push_back(target.tensor);
  }
  ArenaBytes arena = largestArena(model), trainArena = largestTrainArena(model);
  return record({int64(sizeof(dlc_model_info)),
                 string(model.name),
                 int64(model.staticBatch),
                 int32(model.inputs.size()),
                 int32(model.outputs.size()),
                 int32(model.params.size()),
                 int32(model.variants.size()),
                 tensors(model.inputs, /*hasBatch=*/true, "inputs"),
                 tensors(model.outputs, /*hasBatch=*/true, "outputs"),
                 tensors(model.params, /*hasBatch=*/false, "params"),
                 strings(variants, "variant_names"),
                 int64(arena.constant),
                 int64(arena.perBatch),
                 int64(arena.perThread),
                 int32(targets.size()),
                 int32(metrics.size()),
                 tensors(targets, /*hasBatch=*/true, "targets"),
                 strings(metrics, "metrics"),
                 int64(trainArena.constant),
                 int64(trainArena.perBatch),
                 int64(trainArena.perThread)});
}

/// dlc_rt_model_desc
GlobalVariable *DescriptorBuilder::descriptor(ArrayRef<VariantCode> code) {
  SmallVector<Constant *> variants;
  for (auto [description, functions] : zip_equal(model.variants, code))
    variants.push_back(variant(description, functions));
  return global(record({info(), array(variants, "variants"), training(), backend()}), "model");
}

Function *DescriptorBuilder::publicFunction(const PublicFunction &function,
                                            GlobalVariable *descriptor) {
  SmallVector<Type *> types;
  for (char letter : function.arguments)
    types.push_back(type(letter));
  auto *publicType = FunctionType::get(type(function.result), types, /*isVarArg=*/false);
  if (function.takesDescriptor)
    types.insert(types.begin(), pointer);
  FunctionCallee runtime = module.getOrInsertFunction(
      function.runtimeName, FunctionType::get(type(function.result), types, /*isVarArg=*/false));

  auto *result = Function::Create(publicType, GlobalValue::ExternalLinkage,
                                  names.model + function.suffix, module);
  IRBuilder<> b(BasicBlock::Create(context, "", result));
  SmallVector<Value *> arguments;
  if (function.takesDescriptor)
    arguments.push_back(descriptor);
  for (Argument &argument : result->args())
    arguments.push_back(&argument);
  CallInst *call = b.CreateCall(runtime, arguments);
  call->setTailCall();
  function.result == 'v' ? b.CreateRetVoid() : b.CreateRet(call);
  return result;
}

void DescriptorBuilder::functions(GlobalVariable *descriptor) {
  SmallVector<Constant *> entry = {int64(sizeof(dlc_entry)), int64(DLC_RUNTIME_VERSION)};
  for (const PublicFunction &function : publicFunctions)
    entry.push_back(publicFunction(function, descriptor));
  for (const PublicFunction &function : trainingApi)
    entry.push_back(model.training ? publicFunction(function, descriptor) : null());
  for (const PublicFunction &function : gpuApi)
    entry.push_back(names.hasGpuCode ? publicFunction(function, descriptor) : null());
  GlobalVariable *table = global(record(entry), "entry");
  auto *getter = Function::Create(FunctionType::get(pointer, /*isVarArg=*/false),
                                  GlobalValue::ExternalLinkage, entrySymbol(names), module);
  getter->setVisibility(GlobalValue::HiddenVisibility);
  IRBuilder<> b(BasicBlock::Create(context, "", getter));
  b.CreateRet(table);
}

} // namespace

void dlc::emit::addDescriptor(Module &module, const Model &model, const Names &names,
                              ArrayRef<VariantCode> code) {
  DescriptorBuilder builder(module, model, names);
  builder.functions(builder.descriptor(code));
}

std::vector<std::string> dlc::emit::documentedSymbols(const Names &names) {
  std::vector<std::string> symbols;
  for (const PublicFunction &function : publicFunctions)
    symbols.push_back(names.model + function.suffix.str());
  if (names.trains)
    for (const PublicFunction &function : trainingApi)
      symbols.push_back(names.model + function.suffix.str());
  if (names.hasGpuCode)
    for (const PublicFunction &function : gpuApi)
      symbols.push_back(names.model + function.suffix.str());
  if (names.profiled)
    symbols.push_back("dlc_rt_marker");
  return symbols;
}

std::string dlc::emit::entrySymbol(const Names &names) { return names.model + "_model_entry"; }
