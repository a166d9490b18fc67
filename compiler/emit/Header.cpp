//===-- Header.cpp - The C header of a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Header.h"

#include "runtime/dlc_runtime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace dlc::emit;

namespace {

/// `${x}` stands for a text that makeHeader computes.
constexpr StringLiteral headerText = R"(// ${name}.h - The model "${title}", compiled by dlc.
//
//   dlc_options options = {0};
//   ${name} *m;
//   options.size = sizeof options;
//   options.max_batch = ${example_batch};
//   if (${name}_create(&options, &m) == DLC_OK &&
//       ${name}_load(m, "${name}.safetensors") == DLC_OK &&
//       ${name}_run(m, ${example_batch}, ${run_arguments}) == DLC_OK)
//     ...
//   ${name}_destroy(m);
//
// Data are contiguous, batch first, in row-major order. Every function that can
// fail returns a dlc_status; ${name}_error(m) then says why, and how to cure it.

#ifndef DLC_MODEL_${NAME}_H
#define DLC_MODEL_${NAME}_H

#include "dlc_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/// An instance: weights, memory and threads. Different instances may be used by
/// different threads at once; one instance serves one call at a time.
typedef struct ${name} ${name};

${sizes}
/// Bytes of memory for dlc_options.memory that suffice on every CPU, for
/// batches up to `max_batch` and that many `threads`.
#define ${NAME}_ARENA_BYTES(max_batch, threads) \
  (INT64_C(${arena_const}) + (int64_t)(max_batch) * INT64_C(${arena_batch}) + \
   (int64_t)(threads) * INT64_C(${arena_thread}))

/// Makes an instance; the one place that allocates memory and starts threads.
/// `options` may be NULL: one thread per core, batches of ${default_batch}. On failure `*out`
/// is NULL and dlc_options.error says why:
///   DLC_ERROR_ARGUMENT     an option is out of its range, or `memory` too small
///   DLC_ERROR_RESOURCE     no memory or no threads
///   DLC_ERROR_UNSUPPORTED  this CPU can run none of: ${variants}
dlc_status ${name}_create(const dlc_options *options, ${name} **out);

/// Reads the ${num_params} (${info}()->params) from a safetensors
/// file, or maps a file of prepared weights, which has to stay as it is while `m`
/// uses it; replaces those loaded before. On failure these stay as they were:
///   DLC_ERROR_IO        the file cannot be read
///   DLC_ERROR_FORMAT    it is damaged, or of no known format
///   DLC_ERROR_MISMATCH  a tensor is missing, unknown, or of another shape or type;
///                       or prepared for another model, library or CPU variant
///   DLC_ERROR_RESOURCE  no memory
dlc_status ${name}_load(${name} *m, const char *path);

/// The same from `size` bytes of memory, which are copied and not kept.
dlc_status ${name}_load_memory(${name} *m, const void *data, uint64_t size);

/// Writes the weights of `m`, prepared for the CPU variant that it runs: loading
/// that file takes next to no time. Only this library can load it.
///   DLC_ERROR_NOT_READY  no weights are loaded
///   DLC_ERROR_IO         the file cannot be written; what was there stays
dlc_status ${name}_save_prepared(${name} *m, const char *path);

/// Runs the model on ${batch_words}. Allocates nothing.
///
/// inputs:
${inputs}///
/// outputs:
${outputs}///
///   DLC_ERROR_ARGUMENT   the batch is not allowed, a pointer is NULL, a dtype is not
///                        the declared one, or an output overlaps another array
///   DLC_ERROR_NOT_READY  no weights are loaded
dlc_status ${name}_forward(${name} *m, int64_t batch, const dlc_in *inputs,
${indent}const dlc_out *outputs);

/// Names, types and shapes of the inputs, outputs and parameters; constant.
const dlc_model_info *${name}_info(void);

/// The CPU variant that `m` runs, one of: ${variants}.
const char *${name}_variant(const ${name} *m);

/// Why the last call on `m` failed: one sentence, valid until the next call.
const char *${name}_error(const ${name} *m);

/// Frees `m`; NULL is allowed.
void ${name}_destroy(${name} *m);

/// ${name}_forward with typed arrays:
${inputs}${outputs}static inline dlc_status ${name}_run(${run_parameters}) {
  ${input_array}
  const dlc_out dlc_outputs[] = {${output_list}};
  return ${name}_forward(m, batch, ${input_argument}, dlc_outputs);
}

#ifdef __cplusplus
}
#endif

#endif // DLC_MODEL_${NAME}_H
)";

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

/// Everything that is listed per tensor.
void setTensors(Template &t, const Model &model, const Names &names) {
  std::string sizes, inputs, outputs, parameters = names.model + " *m, int64_t batch", arguments;
  SmallVector<std::string> inputList, outputList;
  auto add = [&](const TensorInfo &tensor, StringRef name, size_t index, StringRef qualifier,
                 std::string &lines, SmallVectorImpl<std::string> &list) {
    TypeNames type = typeNames(tensor.dtype);
    sizes += formatv("#define {0}_{1}_ELEMENTS {2} ///< in one sample of `{3}`\n", names.prefix,
                     name.upper(), elementsPerSample(tensor), name);
    lines += describe(tensor, name, index);
    list.push_back(formatv("{{{0}, {1}}", name, type.constant));
    parameters += formatv(", {0}{1} *{2}", qualifier, type.c, name);
    arguments += (arguments.empty() ? "" : ", ") + name.str();
  };
  for (auto [i, tensor] : enumerate(model.inputs))
    add(tensor, names.inputs[i], i, "const ", inputs, inputList);
  for (auto [i, tensor] : enumerate(model.outputs))
    add(tensor, names.outputs[i], i, "", outputs, outputList);
  t.set("sizes", sizes);
  t.set("inputs", inputs.empty() ? "///   none\n" : inputs);
  t.set("outputs", outputs);
  t.set("run_parameters", parameters);
  t.set("run_arguments", arguments);
  t.set("input_array",
        inputList.empty() ? "" : "const dlc_in dlc_inputs[] = {" + join(inputList, ", ") + "};");
  t.set("input_argument", inputList.empty() ? "0" : "dlc_inputs");
  t.set("output_list", join(outputList, ", "));
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
  setTensors(t, model, names);
  return t.fill(headerText);
}
