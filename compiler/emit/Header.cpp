//===-- Header.cpp - The C header of a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Header.h"

#include "compiler/emit/HeaderText.h"

#include "runtime/dlc_runtime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace dlc::emit;

namespace {

struct TypeNames {
  StringRef word, c, constant;
};

TypeNames typeNames(int32_t dtype) {
  switch (dtype) {
  case DLC_UINT8:
    return {"uint8", "uint8_t", "DLC_UINT8"};
  case DLC_INT32:
    return {"int32", "int32_t", "DLC_INT32"};
  case DLC_INT64:
    return {"int64", "int64_t", "DLC_INT64"};
  default:
    return {"float32", "float", "DLC_FLOAT32"};
  }
}

/// Text from model.json for a comment: nothing in it can end or extend one.
std::string commentText(StringRef text) {
  std::string result;
  for (char c : text)
    result += isAlnum(c) || StringRef(" _-+./:,()").contains(c) ? c : '_';
  return result;
}

int64_t elementsPerSample(const TensorInfo &tensor) {
  int64_t elements = 1;
  for (int64_t extent : ArrayRef(tensor.shape).drop_front())
    elements *= extent;
  return elements;
}

/// One line such as `image: float32 [batch, 28, 28, 1], 3136 bytes a sample`.
std::string describe(const TensorInfo &tensor, StringRef name, size_t index) {
  std::string shape = "batch";
  for (int64_t extent : ArrayRef(tensor.shape).drop_front())
    shape += ", " + std::to_string(extent);
  return formatv("///   {0}: {1}, {2} [{3}], {4} bytes a sample\n", index, name,
                 typeNames(tensor.dtype).word, shape,
                 elementsPerSample(tensor) * dlc_dtype_bytes(tensor.dtype))
      .str();
}

/// Fills the template's placeholders.
class Template {
public:
  void set(StringRef key, const Twine &value) { values[key] = value.str(); }

  std::string fill(StringRef text) const {
    std::string result;
    while (true) {
      auto [plain, rest] = text.split("${");
      result += plain;
      if (rest.empty())
        return result;
      auto [key, after] = rest.split('}');
      result += values.lookup(key);
      text = after;
    }
  }

private:
  StringMap<std::string> values;
};

/// What the header says of some tensors.
struct Listing {
  std::string sizes, lines, parameters, arguments;
  SmallVector<std::string> arrays;

  void add(const TensorInfo &tensor, StringRef name, size_t index, StringRef qualifier,
           StringRef prefix) {
    TypeNames type = typeNames(tensor.dtype);
    sizes += formatv("#define {0}_{1}_ELEMENTS {2} ///< in one sample of `{3}`\n", prefix,
                     name.upper(), elementsPerSample(tensor), name);
    lines += describe(tensor, name, index);
    arrays.push_back(formatv("{{{0}, {1}}", name, type.constant));
    parameters += formatv(", {0}{1} *{2}", qualifier, type.c, name);
    arguments += (arguments.empty() ? "" : ", ") + name.str();
  }
};

std::string joinArguments(StringRef first, StringRef second) {
  return (first + (first.empty() || second.empty() ? "" : ", ") + second).str();
}

void setTraining(Template &t, const Model &model, const Names &names, const Listing &inputs) {
  Listing targets;
  for (auto [i, target] : enumerate(model.training->targets))
    targets.add(target.tensor, names.targets[i], i, "const ", names.prefix);
  std::string metrics;
  for (auto [i, name] : enumerate(model.training->metrics))
    metrics += formatv("///   {0}: {1}\n", i, commentText(name));
  ArenaBytes arena = largestTrainArena(model);
  t.set("train_arena_const", Twine(arena.constant));
  t.set("train_arena_batch", Twine(arena.perBatch));
  t.set("train_arena_thread", Twine(arena.perThread));
  t.set("num_metrics", Twine(model.training->metrics.size()));
  t.set("metrics", metrics);
  t.set("targets", targets.lines);
  t.set("target_sizes", targets.sizes);
  t.set("target_list", join(targets.arrays, ", "));
  t.set("train_parameters",
        names.model + " *m, int64_t batch" + inputs.parameters + targets.parameters);
  t.set("train_arguments", joinArguments(inputs.arguments, targets.arguments));
  for (StringRef function : {"train_step", "differentiate", "backward", "evaluate"})
    t.set(
        (function + "_indent").str(),
        std::string(StringRef("dlc_status _(").size() + names.model.size() + function.size(), ' '));
  t.set("training_example", t.fill(trainingExample));
  t.set("training", t.fill(trainingText));
}

/// Everything that is listed per tensor.
void setTensors(Template &t, const Model &model, const Names &names) {
  Listing inputs, outputs;
  for (auto [i, tensor] : enumerate(model.inputs))
    inputs.add(tensor, names.inputs[i], i, "const ", names.prefix);
  for (auto [i, tensor] : enumerate(model.outputs))
    outputs.add(tensor, names.outputs[i], i, "", names.prefix);
  t.set("sizes", inputs.sizes + outputs.sizes);
  t.set("inputs", inputs.lines.empty() ? "///   none\n" : inputs.lines);
  t.set("outputs", outputs.lines);
  t.set("run_parameters",
        names.model + " *m, int64_t batch" + inputs.parameters + outputs.parameters);
  t.set("run_arguments", joinArguments(inputs.arguments, outputs.arguments));
  t.set("input_array", inputs.arrays.empty()
                           ? ""
                           : "const dlc_in dlc_inputs[] = {" + join(inputs.arrays, ", ") + "};");
  t.set("input_argument", inputs.arrays.empty() ? "0" : "dlc_inputs");
  t.set("output_list", join(outputs.arrays, ", "));
  if (model.training)
    setTraining(t, model, names, inputs);
}

} // namespace

ArenaBytes dlc::emit::largestArena(const Model &model) {
  ArenaBytes arena;
  for (const Variant &variant : model.variants) {
    arena.constant = std::max(arena.constant, variant.arenaConstBytes);
    arena.perBatch = std::max(arena.perBatch, variant.arenaBatchBytes);
    arena.perThread = std::max(arena.perThread, variant.arenaThreadBytes);
  }
  return arena;
}

ArenaBytes dlc::emit::largestTrainArena(const Model &model) {
  if (!model.training)
    return {};
  ArenaBytes arena = largestArena(model);
  for (const Variant &variant : model.variants) {
    arena.constant = std::max(arena.constant, variant.trainArenaConstBytes);
    arena.perBatch = std::max(arena.perBatch, variant.trainArenaBatchBytes);
    arena.perThread = std::max(arena.perThread, variant.trainArenaThreadBytes);
  }
  return arena;
}

std::string dlc::emit::makeHeader(const Model &model, const Names &names) {
  Template t;
  t.set("name", names.model);
  t.set("NAME", names.prefix);
  t.set("title", commentText(model.name));
  t.set("info", names.model + "_info");
  ArenaBytes arena = largestArena(model);
  t.set("arena_const", Twine(arena.constant));
  t.set("arena_batch", Twine(arena.perBatch));
  t.set("arena_thread", Twine(arena.perThread));
  std::string batch = std::to_string(std::max<int64_t>(model.staticBatch, 1));
  t.set("example_batch", batch);
  t.set("default_batch", batch);
  t.set("batch_words", model.staticBatch
                           ? "a batch of exactly " + batch + " (`batch`)"
                           : std::string("1 <= batch <= dlc_options.max_batch samples"));
  t.set("num_params",
        Twine(model.params.size()) + (model.params.size() == 1 ? " parameter" : " parameters"));
  SmallVector<std::string> variants;
  for (const Variant &variant : model.variants)
    variants.push_back(commentText(variant.name));
  t.set("variants", join(variants, ", "));
  t.set("indent", std::string(names.model.size() + 20, ' '));
  if (names.hasGpuCode) {
    t.set("create_errors", createErrorsOfCuda);
    t.set("cuda", t.fill(cudaText));
  }
  setTensors(t, model, names);
  return t.fill(headerText);
}
