//===-- ModelDesc.h - Between generated code and the runtime ------*- C -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The descriptor that emit builds as a constant in every generated module, and
// the functions that generated code calls. Plain C with no implicit padding:
// emit lays the constants out field by field in exactly this order, and the
// assertions at the end pin the sizes.
//
// The generated <name>_* functions are one call each, of the dlc_rt_* function of
// their name with their own arguments:
//   <name>_forward(m, b, i, o)    dlc_rt_forward(m, b, i, o)
// but for
//   <name>_create(o, out)         dlc_rt_create(&desc, o, out)
//   <name>_info()                 dlc_rt_info(&desc)
//   <name>_variant(m)             dlc_rt_variant_name(m)
//   <name>_save(m, path)          dlc_rt_save_weights(m, path)
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_MODELDESC_H
#define DLC_RUNTIME_MODELDESC_H

#include "dlc_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef dlc_tensor_info dlc_rt_tensor_desc;

/// CPU features, as bits of dlc_rt_variant.features: X(bit, LLVM's name). A
/// level bit stands for all features of that level and for the operating
/// system saving its registers. Code for one machine is compiled for a level
/// plus features named here, so that `create` can check all it needs.
#define DLC_RT_CPU_FEATURES(X)                                                                     \
  X(0, "x86-64-v2")                                                                                \
  X(1, "x86-64-v3")                                                                                \
  X(2, "x86-64-v4")                                                                                \
  X(3, "avxvnni")                                                                                  \
  X(4, "avx512ifma")                                                                               \
  X(5, "avx512vbmi")                                                                               \
  X(6, "avx512vbmi2")                                                                              \
  X(7, "avx512vnni")                                                                               \
  X(8, "avx512bitalg")                                                                             \
  X(9, "avx512vpopcntdq")                                                                          \
  X(10, "avx512bf16")                                                                              \
  X(11, "avx512fp16")                                                                              \
  X(12, "gfni")                                                                                    \
  X(13, "vaes")                                                                                    \
  X(14, "vpclmulqdq")

/// One image of a GPU variant's code, as cuModuleLoadData takes it.
typedef struct dlc_rt_gpu_image {
  const void *data;
  uint64_t size;      ///< in bytes; of PTX with its final NUL
  int32_t capability; ///< 10 * major + minor of the compute capability it is for
  int32_t kind;       ///< a dlc_rt_image_kind
} dlc_rt_gpu_image;

/// Which devices run an image.
typedef enum dlc_rt_image_kind {
  DLC_RT_CUBIN = 0,       ///< those of its major capability, from its minor one on
  DLC_RT_CUBIN_EXACT = 1, ///< those of its capability
  DLC_RT_PTX = 2,         ///< those of its capability and later; the driver compiles it
  DLC_RT_PTX_EXACT = 3    ///< those of its capability; the driver compiles it
} dlc_rt_image_kind;

/// Memory that an update needs to come to its verdict, in int32.
#define DLC_RT_VERDICT_PARTS 2048

/// What a variant for GPUs has besides.
typedef struct dlc_rt_gpu_code {
  const dlc_rt_gpu_image *images; ///< best first
  int64_t num_images;
  const char *const *kernels; ///< names, by the numbers that dlc_rt_launch gets
  int64_t num_kernels;
  int64_t max_batch; ///< with more samples an index of a kernel would not fit 31 bits
} dlc_rt_gpu_code;

/// How variants for GPUs are run; see runtime/cuda. Libraries without such variants contain
/// nothing of it.
typedef struct dlc_rt_backend dlc_rt_backend;
extern const dlc_rt_backend dlc_rt_cuda;

/// One compilation of the model for one kind of CPU or GPU.
///
/// `prepare` turns the canonical parameters, which it reads by dlc_rt_read_param,
/// into the `prepared` block (packed and folded weights, and every parameter that
/// `forward` reads). May be NULL when prepared_bytes is 0. `scratch` is only
/// its own.
///
/// `forward` gets checked pointers in the order of info.inputs and
/// info.outputs. Its arena holds three regions, one after the other:
///   arena_const_bytes | batch * arena_batch_bytes | threads * arena_thread_bytes
/// where `batch` is that of the call. The contents are undefined at entry.
///
/// All blocks are 64-byte aligned and all five sizes multiples of 64. Inputs and
/// outputs have their element's alignment.
typedef struct dlc_rt_variant {
  const char *name;
  uint64_t features; ///< bits of DLC_RT_CPU_FEATURES; 0: any CPU
  void (*prepare)(dlc_model *rt, void *prepared, void *scratch);
  void (*forward)(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
                  const void *prepared, void *arena);
  int64_t prepared_bytes;
  int64_t prepare_scratch_bytes;
  int64_t arena_const_bytes;
  int64_t arena_batch_bytes;
  int64_t arena_thread_bytes;
  int64_t batch_step;   ///< a larger batch takes several calls of `forward`; 0: one always
  uint64_t identity[2]; ///< a hash of the code: equal only where `prepared` means the same

  /// Of training; null in libraries for inference. `state` is the state block
  /// (see dlc_rt_training), which they read and write in place.
  ///   gradients: inputs [int32 random[4], the inputs, the targets],
  ///              outputs [float loss[1]]. Sets the gradients and writes the new
  ///              running statistics.
  ///   backward:  inputs [int32 random[4], the inputs, a gradient for each
  ///              output], outputs [a gradient for each float32 input]. Adds to
  ///              the gradients and writes the new running statistics.
  ///   update:    inputs [float {learning rate, step counted from 1}], no
  ///              outputs; batch 0. Writes trainable parameters and slots. Of GPUs:
  ///              inputs [the same, float loss[1]], outputs [int32 verdict[1],
  ///              int32 parts[DLC_RT_VERDICT_PARTS]]; writes nothing else where the
  ///              loss or a gradient is not finite, and then a verdict that is not 0.
  ///   metrics:   inputs [the outputs, the targets], outputs [float
  ///              metrics[num_metrics]]; state null.
  /// random = {low and high half of the seed, step, number of the first sample}.
  void (*gradients)(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
                    void *state, void *arena);
  void (*backward)(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
                   void *state, void *arena);
  void (*update)(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
                 void *state, void *arena);
  void (*metrics)(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
                  void *state, void *arena);
  int64_t train_arena_const_bytes; ///< terms that suffice for each of the four
  int64_t train_arena_batch_bytes;
  int64_t train_arena_thread_bytes;

  /// Null: code for CPUs. Otherwise all functions above get device addresses, add offsets to
  /// them and call dlc_rt_launch and dlc_rt_read_param; they read no memory behind them.
  const dlc_rt_gpu_code *gpu;
} dlc_rt_variant;

/// What a tensor of the state is.
typedef enum dlc_rt_role {
  DLC_RT_PARAMETER = 0,
  DLC_RT_SLOT = 1,    ///< of the optimiser
  DLC_RT_GRADIENT = 2 ///< has the name of its parameter
} dlc_rt_role;

/// How a tensor's first values are made.
typedef enum dlc_rt_initializer {
  DLC_RT_CONSTANT = 0,        ///< a
  DLC_RT_UNIFORM = 1,         ///< in [a, b)
  DLC_RT_NORMAL = 2,          ///< mean a, deviation b
  DLC_RT_TRUNCATED_NORMAL = 3 ///< the same, drawn again until within 2 b of a
} dlc_rt_initializer;

/// A tensor of the state block.
typedef struct dlc_rt_state_tensor {
  dlc_tensor_info info; ///< float32, but for parameters of other types
  int64_t offset;       ///< in bytes, a multiple of 64
  int32_t role;         ///< a dlc_rt_role
  int32_t initializer;  ///< a dlc_rt_initializer; float32 only
  double a, b;
} dlc_rt_state_tensor;

/// What a model needs to train. The state block holds the tensors of `state`:
/// first the parameters, in the order of info.params, then slots, then gradients up
/// to its end. Padding between them is zero and stays so.
typedef struct dlc_rt_training {
  int64_t state_bytes; ///< a multiple of 64
  int64_t num_state;
  const dlc_rt_state_tensor *state;
  const int64_t *classes; ///< per target: its labels are below this; 0: no labels
  dlc_schedule schedule;
} dlc_rt_training;

/// A model. The arena terms of `info` are the largest of all variants, each by
/// itself, those of training of all five functions; info.variants[i] is variants[i].name.
typedef struct dlc_rt_model_desc {
  dlc_model_info info;
  const dlc_rt_variant *variants;  ///< info.num_variants: those for CPUs, best first, then for GPUs
  const dlc_rt_training *training; ///< null in libraries for inference
  const dlc_rt_backend *gpu;       ///< null where no variant is for GPUs
} dlc_rt_model_desc;

//===----------------------------------------------------------------------===//
// The public calls; see dlc_runtime.h
//===----------------------------------------------------------------------===//

dlc_status dlc_rt_create(const dlc_rt_model_desc *desc, const dlc_options *options,
                         dlc_model **out);
dlc_status dlc_rt_load(dlc_model *m, const char *path);
dlc_status dlc_rt_load_memory(dlc_model *m, const void *data, uint64_t size);
dlc_status dlc_rt_forward(dlc_model *m, int64_t batch, const dlc_in *inputs,
                          const dlc_out *outputs);
dlc_status dlc_rt_save_prepared(dlc_model *m, const char *path);
const dlc_model_info *dlc_rt_info(const dlc_rt_model_desc *desc);
const char *dlc_rt_variant_name(const dlc_model *m);
const char *dlc_rt_error(const dlc_model *m);
void dlc_rt_destroy(dlc_model *m);

dlc_status dlc_rt_train_step(dlc_model *m, int64_t batch, const dlc_in *inputs,
                             const dlc_in *targets, float *loss);
dlc_status dlc_rt_differentiate(dlc_model *m, int64_t batch, const dlc_in *inputs,
                                const dlc_in *targets, float *loss);
dlc_status dlc_rt_backward(dlc_model *m, int64_t batch, const dlc_in *inputs,
                           const dlc_in *output_grads, const dlc_out *input_grads);
dlc_status dlc_rt_update(dlc_model *m);
dlc_status dlc_rt_zero_grad(dlc_model *m);
dlc_status dlc_rt_evaluate(dlc_model *m, int64_t batch, const dlc_in *inputs, const dlc_in *targets,
                           double *metrics);
dlc_status dlc_rt_gradients(dlc_model *m, dlc_tensor *list, int64_t *count);
dlc_status dlc_rt_save_weights(dlc_model *m, const char *path);
dlc_status dlc_rt_save_state(dlc_model *m, const char *path);
dlc_status dlc_rt_load_state(dlc_model *m, const char *path);
dlc_status dlc_rt_set_schedule(dlc_model *m, const dlc_schedule *schedule);
dlc_status dlc_rt_get_schedule(dlc_model *m, dlc_schedule *schedule);
double dlc_rt_learning_rate(const dlc_model *m);
int64_t dlc_rt_step(const dlc_model *m);
dlc_status dlc_rt_set_first_sample(dlc_model *m, int64_t number);

dlc_status dlc_rt_warm(dlc_model *m, int64_t batch);

//===----------------------------------------------------------------------===//
// Called by generated code
//===----------------------------------------------------------------------===//

/// For prepare: reads `bytes` bytes of parameter `index` of info.params, from
/// byte `first` on, to `to`. Where that fails it returns all the same; what
/// prepare then makes is not used.
void dlc_rt_read_param(dlc_model *rt, int64_t index, int64_t first, int64_t bytes, void *to);

/// Cuts [0, n) into ranges of at least `grain` items each and runs them on at
/// most `threads` threads; inline when one range is left. Who runs which range
/// is not fixed, so results must not depend on it. `fn` must not call it again.
void dlc_rt_parallel_for(dlc_model *rt, void (*fn)(void *args, int64_t lo, int64_t hi), void *args,
                         int64_t n, int64_t grain);

/// The same for kernels with scratch memory of their own: `slot` is below
/// `threads` and differs between parts that may run at once, so it selects a
/// block of the arena's thread region. Results must not depend on it.
void dlc_rt_parallel_for_slots(dlc_model *rt,
                               void (*fn)(void *args, int64_t lo, int64_t hi, int64_t slot),
                               void *args, int64_t n, int64_t grain);

/// The same for loops whose items read much that no other item reads, the same
/// in every call: of `threads` threads each always runs the same items, so that
/// its core's cache may keep them, and walks them in turns from the first to the
/// last and back, so that it begins with what the cache kept of the last call.
void dlc_rt_parallel_for_kept(dlc_model *rt, void (*fn)(void *args, int64_t lo, int64_t hi),
                              void *args, int64_t n, int64_t grain);

/// Called by variants for GPUs: launches kernel number `kernel` of the variant. `geometry` is
/// {blocks along x, y and z, threads of a block, bytes of shared memory it takes}, `params` points
/// to the values of the kernel's parameters, one after the other.
void dlc_rt_launch(dlc_model *rt, int64_t kernel, const int64_t *geometry, void **params);

/// What a variant for GPUs knows of a tensor that the tensor memory accelerator copies from, all
/// numbers innermost first. A copy takes a `box` of it, as zeros where that is out of bounds, in
/// rows of 128 bytes whose groups of 16 bytes are exchanged.
typedef struct dlc_rt_tensor_map_desc {
  int64_t rank;
  int64_t extents[5]; ///< the last one that of one sample
  int64_t strides[4]; ///< of all but the innermost dimension, in bytes
  int64_t box[5];     ///< of a tensor of windows: channels and windows
  /// Of a tensor of windows, which is an image [N, H, W, C], along W and H: how far windows are
  /// apart (0: it is none of windows), where the first one starts, and how far from the last pixel
  /// the last one.
  int64_t steps[2], lower[2], upper[2];
  int64_t element; ///< 0: float32, which a copy rounds to tf32; 1: bfloat16
} dlc_rt_tensor_map_desc;

/// Called by variants for GPUs: makes the `map` (128 bytes, a multiple of 64) of the tensor at
/// `address` with `samples` samples, which a launch then takes as the value of a parameter.
void dlc_rt_tensor_map(dlc_model *rt, const dlc_rt_tensor_map_desc *desc, void *address,
                       int64_t samples, void *map);

/// For gradients: gradient `index`, in the order of dlc_rt_training.state, is
/// complete, and the rest of the call leaves it alone.
void dlc_rt_gradient_done(dlc_model *rt, int64_t index);

/// For gradients and backward: `count` numbers become their means over the parts
/// of the batch, each weighted by its share of the samples.
void dlc_rt_joint_mean(dlc_model *rt, float *data, int64_t count);

/// All launches before number `index` have ended. Called by code that was
/// compiled to be measured only; tells `dlc_rt_marker`, which such a library
/// exports, unless it is null.
void dlc_rt_mark(dlc_model *rt, int64_t index);

//===----------------------------------------------------------------------===//
// For emit and the tools
//===----------------------------------------------------------------------===//

/// Bytes of arena that suffice for every variant, as the <NAME>_ARENA_BYTES
/// macro of the generated header; -1 where that overflows or an argument is
/// below 1.
int64_t dlc_rt_arena_bytes(const dlc_rt_model_desc *desc, int64_t max_batch, int64_t threads);

/// The features of this CPU.
uint64_t dlc_rt_cpu_features(void);

/// The bit of a feature by LLVM's name; 0 when it is not in the table.
uint64_t dlc_rt_cpu_feature(const char *name);

/// Writes a safetensors file, through a temporary file and a rename: `path` is
/// either whole or untouched. On failure `error` gets the reason (may be NULL).
dlc_status dlc_rt_save(const char *path, const dlc_tensor *tensors, int64_t count, char *error,
                       uint64_t error_size);

#ifdef __cplusplus
}

static_assert(sizeof(void *) == 8, "dlc's runtime is for 64-bit targets");
static_assert(sizeof(dlc_tensor_info) == 80, "emit lays this out by hand");
static_assert(sizeof(dlc_model_info) == 144, "emit lays this out by hand");
static_assert(sizeof(dlc_rt_gpu_image) == 24, "emit lays this out by hand");
static_assert(sizeof(dlc_rt_gpu_code) == 40, "emit lays this out by hand");
static_assert(sizeof(dlc_rt_tensor_map_desc) == 176, "compiler/cuda lays this out by hand");
static_assert(sizeof(dlc_rt_variant) == 160, "emit lays this out by hand");
static_assert(sizeof(dlc_rt_model_desc) == 168, "emit lays this out by hand");
static_assert(sizeof(dlc_schedule) == 56, "emit lays this out by hand");
static_assert(sizeof(dlc_rt_state_tensor) == 112, "emit lays this out by hand");
static_assert(sizeof(dlc_rt_training) == 88, "emit lays this out by hand");
static_assert(sizeof(dlc_entry) == 216, "emit lays this out by hand");
#endif

#endif // DLC_RUNTIME_MODELDESC_H
