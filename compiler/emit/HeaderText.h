//===-- HeaderText.h - Text of the C header of a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_HEADERTEXT_H
#define DLC_COMPILER_EMIT_HEADERTEXT_H

#include "llvm/ADT/StringRef.h"

namespace dlc::emit {

/// `${x}` stands for a text that makeHeader computes.
inline constexpr llvm::StringLiteral headerText =
    R"(// ${name}.h - The model "${title}", compiled by dlc.
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
${training_example}//
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
///   DLC_ERROR_UNSUPPORTED  this machine can run none of: ${variants}
${create_errors}dlc_status ${name}_create(const dlc_options *options, ${name} **out);

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

/// The variant that `m` runs, one of: ${variants}.
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
${cuda}${training}
#ifdef __cplusplus
}
#endif

#endif // DLC_MODEL_${NAME}_H
)";

/// What `headerText` says where the model was compiled for GPUs.
inline constexpr llvm::StringLiteral createErrorsOfCuda =
    R"(///                          or has no driver or device for it
///   DLC_ERROR_DEVICE       the device or its driver failed
)";
inline constexpr llvm::StringLiteral cudaText = R"(
//===----------------------------------------------------------------------===//
// CUDA; dlc_runtime.h says more
//===----------------------------------------------------------------------===//

/// Records all calls of `m` with that batch, which their first run would do else, in
/// more time and memory than the others take. At once on a CPU.
///   DLC_ERROR_ARGUMENT   the batch is not allowed
///   DLC_ERROR_NOT_READY  no weights are loaded
///   DLC_ERROR_RESOURCE   no memory of the device
///   DLC_ERROR_DEVICE     the device or its driver failed
dlc_status ${name}_warm(${name} *m, int64_t batch);
)";

/// What `headerText` says of training, where the model was compiled for it.
inline constexpr llvm::StringLiteral trainingExample =
    R"(//
// To train it (options.training = 1 before create):
//
//   while (${name}_step(m) < 1000)
//     if (${name}_train(m, ${example_batch}, ${train_arguments}, &loss) != DLC_OK)
//       ...
//   ${name}_save(m, "${name}.safetensors");
)";
inline constexpr llvm::StringLiteral trainingText = R"(
//===----------------------------------------------------------------------===//
// Training, for instances created with dlc_options.training
//===----------------------------------------------------------------------===//
//
// Such an instance is ready without a load: its parameters begin with random
// values from dlc_options.seed. ${name}_load replaces them and starts training
// anew. Every function below that returns a dlc_status gives DLC_ERROR_UNSUPPORTED
// for other instances. Only create, load, save, save_state and load_state allocate
// memory.

#define ${NAME}_METRICS ${num_metrics} ///< numbers that ${name}_evaluate yields
${target_sizes}
/// As ${NAME}_ARENA_BYTES, for a trainable instance.
#define ${NAME}_TRAIN_ARENA_BYTES(max_batch, threads) \
  (INT64_C(${train_arena_const}) + (int64_t)(max_batch) * INT64_C(${train_arena_batch}) + \
   (int64_t)(threads) * INT64_C(${train_arena_thread}))

/// One step on ${batch_words}: ${name}_differentiate, then
/// ${name}_update. `loss`, which may be NULL, gets the mean over the batch.
///
/// targets:
${targets}///
///   DLC_ERROR_ARGUMENT  as ${name}_forward, or a label that is no class; nothing
///                       has changed
///   DLC_ERROR_NUMERIC   an input or target holds NaN or infinity: nothing has
///                       changed; or the loss does: parameters, the optimiser's
///                       slots and the step are as they were, running statistics
///                       and gradients are not
dlc_status ${name}_train_step(${name} *m, int64_t batch, const dlc_in *inputs,
${train_step_indent}const dlc_in *targets, float *loss);

/// Sets the gradients to those of the mean loss, and moves running statistics.
/// Errors as ${name}_train_step.
dlc_status ${name}_differentiate(${name} *m, int64_t batch, const dlc_in *inputs,
${differentiate_indent}const dlc_in *targets, float *loss);

/// Adds the gradients of sum(outputs * output_grads) to the gradients, and moves
/// running statistics. `output_grads` has one array for each output, of its shape;
/// `input_grads` one for each input, of its shape: NULL data for those of integers
/// and for those that are not wanted. `input_grads` may be NULL itself.
/// Nothing has changed after
///   DLC_ERROR_ARGUMENT  as ${name}_forward, or data for the gradient of an input of
///                       integers
///   DLC_ERROR_NUMERIC   an input or output gradient holds NaN or infinity
dlc_status ${name}_backward(${name} *m, int64_t batch, const dlc_in *inputs,
${backward_indent}const dlc_in *output_grads, const dlc_out *input_grads);

/// Moves the parameters by the gradients, as the optimiser does; counts a step.
/// DLC_ERROR_NUMERIC where a gradient is not finite: nothing was changed.
dlc_status ${name}_update(${name} *m);

/// Sets the gradients to zero.
dlc_status ${name}_zero_grad(${name} *m);

/// Runs forward, as ${name}_forward does, and measures. `metrics` gets ${NAME}_METRICS
/// numbers, means over the batch of
${metrics}///   DLC_ERROR_ARGUMENT  as ${name}_train_step
dlc_status ${name}_evaluate(${name} *m, int64_t batch, const dlc_in *inputs,
${evaluate_indent}const dlc_in *targets, double *metrics);

/// Lists the gradients: names and shapes of their parameters, and where their data
/// lie while `m` lives, to be read and changed between differentiate and update.
/// `*count` is the room of `list`, and then the number of gradients; with a NULL
/// `list` only that. DLC_ERROR_ARGUMENT where there was too little room.
dlc_status ${name}_gradients(${name} *m, dlc_tensor *list, int64_t *count);

/// Writes the parameters to a safetensors file, for ${name}_load. When that fails
/// (DLC_ERROR_IO, DLC_ERROR_RESOURCE), a file of that name is as it was.
dlc_status ${name}_save(${name} *m, const char *path);

/// Writes all that training goes on from: parameters, the optimiser's slots, step,
/// seed and schedule. After ${name}_load_state it gives the same bits as if it
/// had never stopped. Gradients are zero then. Errors as ${name}_save.
dlc_status ${name}_save_state(${name} *m, const char *path);

/// Errors as ${name}_load; all stays as it was then. DLC_ERROR_MISMATCH: the state
/// of another model or optimiser.
dlc_status ${name}_load_state(${name} *m, const char *path);

/// Replaces the learning rate and its schedule; see dlc_schedule.
///   DLC_ERROR_ARGUMENT  a field is out of its range
dlc_status ${name}_set_schedule(${name} *m, const dlc_schedule *schedule);

/// The one in use, in `*schedule`.
dlc_status ${name}_get_schedule(${name} *m, dlc_schedule *schedule);

/// The learning rate of the next update; 0 where `m` does not train.
double ${name}_learning_rate(const ${name} *m);

/// Updates done; 0 where `m` does not train.
int64_t ${name}_step(const ${name} *m);

/// Where in a larger batch the batches begin that follow: Dropout and the like draw
/// as for those samples of it. 0 at first.
///   DLC_ERROR_ARGUMENT  not within 0 and INT32_MAX
dlc_status ${name}_set_first_sample(${name} *m, int64_t number);

/// ${name}_train_step with typed arrays:
${inputs}${targets}static inline dlc_status ${name}_train(${train_parameters}, float *dlc_loss) {
  ${input_array}
  const dlc_in dlc_targets[] = {${target_list}};
  return ${name}_train_step(m, batch, ${input_argument}, dlc_targets, dlc_loss);
}
)";

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_HEADERTEXT_H
