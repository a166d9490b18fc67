//===-- dlc_runtime.h - The C interface of every dlc library ------*- C -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The types shared by all generated libraries. A library for a model "lenet"
// comes with lenet.h, which includes this file and declares
//
//   dlc_status lenet_create(const dlc_options *options, lenet **out);
//   dlc_status lenet_load(lenet *m, const char *path);
//   dlc_status lenet_load_memory(lenet *m, const void *data, uint64_t size);
//   dlc_status lenet_save_prepared(lenet *m, const char *path);
//   dlc_status lenet_forward(lenet *m, int64_t batch, const dlc_in *inputs,
//                            const dlc_out *outputs);
//   const dlc_model_info *lenet_info(void);
//   const char *lenet_variant(const lenet *m);
//   const char *lenet_error(const lenet *m);
//   void lenet_destroy(lenet *m);
//
// and, when it was compiled with --train, for instances created with
// dlc_options.training
//
//   dlc_status lenet_train_step(lenet *m, int64_t batch, const dlc_in *inputs,
//                               const dlc_in *targets, float *loss);
//   dlc_status lenet_differentiate(lenet *m, int64_t batch, const dlc_in *inputs,
//                                  const dlc_in *targets, float *loss);
//   dlc_status lenet_backward(lenet *m, int64_t batch, const dlc_in *inputs,
//                             const dlc_in *output_grads,
//                             const dlc_out *input_grads);
//   dlc_status lenet_update(lenet *m);
//   dlc_status lenet_zero_grad(lenet *m);
//   dlc_status lenet_evaluate(lenet *m, int64_t batch, const dlc_in *inputs,
//                             const dlc_in *targets, double *metrics);
//   dlc_status lenet_gradients(lenet *m, dlc_tensor *list, int64_t *count);
//   dlc_status lenet_save(lenet *m, const char *path);
//   dlc_status lenet_save_state(lenet *m, const char *path);
//   dlc_status lenet_load_state(lenet *m, const char *path);
//   dlc_status lenet_set_schedule(lenet *m, const dlc_schedule *schedule);
//   dlc_status lenet_get_schedule(lenet *m, dlc_schedule *schedule);
//   double lenet_learning_rate(const lenet *m);
//   int64_t lenet_step(const lenet *m);
//   dlc_status lenet_set_first_sample(lenet *m, int64_t number);
//
// and, when it was compiled for CUDA
//
//   dlc_status lenet_warm(lenet *m, int64_t batch);
//
// Weights: load takes a safetensors file, whose weights it packs for this CPU, or
// a file of weights that are packed already, made by `dlc compile
// --prepare=compile` or by save_prepared. The latter is mapped read-only: loading
// takes microseconds, pages come from the file as forward reads them, and
// instances and processes share them. It must stay as it is until the instance
// is destroyed or loads others (replace it by a rename), and serves the library
// and CPU variant that wrote it, no other. Its header is checked, its data are
// not read before forward. load_memory takes either kind and keeps nothing of it.
//
// Training: an instance created with dlc_options.training keeps the parameters,
// the optimiser's slots and the gradients. create gives them first values from
// dlc_options.seed; load replaces the parameters and starts anew at step 0, with
// the seed and schedule as they are. train_step is differentiate, which sets the
// gradients to those of the mean loss of a batch, and update. backward adds the
// gradients of sum(outputs * output_grads) instead, to be followed by update when
// enough are added; zero_grad clears them. What an earlier forward computed is
// not needed by either. forward and evaluate always use the present parameters.
// gradients lists where they lie, so that they can be read and changed before an
// update. save writes the parameters, save_state all that training goes on from:
// after load_state it gives the same bits as if it had never stopped, whatever
// the number of threads. Files are written whole or not at all. Dropout and the
// like follow from the seed, the step and the place of a sample in its batch.
//
// A batch may be the part of a larger one whose other parts are differentiated
// elsewhere, or before: set_first_sample says where in the larger one it begins,
// for all that follows until the next call (0 after create; no state keeps it).
// The sum of the parts' gradients, each times its share of the samples, is the
// gradient of the larger batch, with the same Dropout. They can be added up while
// others are still computed: dlc_options.on_gradient tells of each.
//
// A label that is no class (DLC_ERROR_ARGUMENT), and NaN or infinity in an input,
// target or output gradient (DLC_ERROR_NUMERIC), are found before anything is
// changed. A loss or a gradient that is not finite is DLC_ERROR_NUMERIC too, clipped
// or not: train_step and update then leave parameters, slots and step as they were;
// gradients and running statistics may have changed. Messages count steps from 1.
//
// CUDA: a library with variants for GPUs runs on one device of the machine, the
// first unless dlc_options.device names another, by the variant with the best code
// for its compute capability. It needs NVIDIA's driver, for CUDA 12.0 or later, which
// create opens at run time (libcuda.so.1), and nothing else. Weights, arena and state
// lie in memory of the device; create and load allocate it. The data of dlc_in and
// dlc_out may lie on the host or on the device, each as it likes. With a stream of
// the caller's a call whose outputs all lie on the device returns when its work is
// enqueued there; memory of the host is read, and written, when a call returns.
// Without one all is done when a call returns, but for update, zero_grad and what
// train_step does after its loss, which later calls come after. gradients gives
// addresses of the device. The first call of a kind with a batch records it, which
// takes longer and allocates memory; warm does so before. 64 such recordings are kept.
// Failures of the device are told by the call that meets them, DLC_ERROR_DEVICE;
// those of kernels may be met by a later call. NaN and infinity in gradients and in
// data that lie on the device are not looked for, labels are. The results of a device
// are the same on every run; they differ from a CPU's in rounding. dlc_options.memory,
// threads, parallel_for, cpu_variant, on_gradient and files of prepared weights are
// for CPUs.
//
// Threads: different instances may be used by different threads at once. One
// instance serves one call at a time; a second call returns DLC_ERROR_BUSY.
//
// fork: a child inherits instances but none of their threads. It may go on with
// them, with the same results, each call on the caller's thread alone; for more,
// it creates instances of its own. An instance that was in a call while its
// process forked stays DLC_ERROR_BUSY in the child. An instance on CUDA does not
// work in a child.
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_H
#define DLC_RUNTIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Version of this interface. Equal versions are binary compatible.
#define DLC_RUNTIME_VERSION 3

/// The largest rank of any tensor, the batch dimension included.
#define DLC_MAX_RANK 8

/// What a call returns. Every failure but DLC_ERROR_BUSY also leaves a sentence
/// with its reason and cure: `<name>_error(m)`, or `dlc_options.error` when
/// `create` fails. Nothing ever aborts.
typedef enum dlc_status {
  DLC_OK = 0,
  DLC_ERROR_ARGUMENT = 1,    ///< An argument is out of its documented range.
  DLC_ERROR_RESOURCE = 2,    ///< Memory or threads could not be had.
  DLC_ERROR_IO = 3,          ///< A file could not be opened, read or written.
  DLC_ERROR_FORMAT = 4,      ///< A weights file is damaged or of no known format.
  DLC_ERROR_MISMATCH = 5,    ///< Sound weights, but of another model or library.
  DLC_ERROR_NOT_READY = 6,   ///< `forward` or `save_prepared` before a load.
  DLC_ERROR_UNSUPPORTED = 7, ///< The machine, or this library, cannot do it.
  DLC_ERROR_BUSY = 8,        ///< Another thread is inside this instance.
  DLC_ERROR_NUMERIC = 9,     ///< NaN or infinity in data, a loss or a gradient.
  DLC_ERROR_DEVICE = 10      ///< The GPU or its driver failed.
} dlc_status;

/// A short description of `status`, never NULL; not to be freed.
static inline const char *dlc_status_string(dlc_status status) {
  switch (status) {
  case DLC_OK:
    return "ok";
  case DLC_ERROR_ARGUMENT:
    return "invalid argument";
  case DLC_ERROR_RESOURCE:
    return "out of memory or threads";
  case DLC_ERROR_IO:
    return "a file could not be read or written";
  case DLC_ERROR_FORMAT:
    return "not a valid weights file";
  case DLC_ERROR_MISMATCH:
    return "the weights do not fit the model";
  case DLC_ERROR_NOT_READY:
    return "no weights are loaded";
  case DLC_ERROR_UNSUPPORTED:
    return "not supported by this machine or this library";
  case DLC_ERROR_BUSY:
    return "another thread is using this instance";
  case DLC_ERROR_NUMERIC:
    return "not a finite number";
  case DLC_ERROR_DEVICE:
    return "the GPU or its driver failed";
  }
  return "unknown status";
}

/// Element types. Zero is none of them, so a forgotten dtype is an error.
typedef enum dlc_dtype { DLC_FLOAT32 = 1, DLC_UINT8 = 2, DLC_INT32 = 3, DLC_INT64 = 4 } dlc_dtype;

/// Bytes of one element of `dtype`; 0 for anything that is no dlc_dtype.
static inline int64_t dlc_dtype_bytes(int32_t dtype) {
  switch (dtype) {
  case DLC_UINT8:
    return 1;
  case DLC_FLOAT32:
  case DLC_INT32:
    return 4;
  case DLC_INT64:
    return 8;
  }
  return 0;
}

/// One input: contiguous, batch first, in the declared layout, aligned to its
/// element's size. `dtype` is a dlc_dtype and must be the declared one. On CUDA the
/// data may be an address of the device.
typedef struct dlc_in {
  const void *data;
  int32_t dtype;
} dlc_in;

/// One output, as dlc_in. It must not overlap any input or other output.
typedef struct dlc_out {
  void *data;
  int32_t dtype;
} dlc_out;

/// Name, element type and shape of a tensor. `shape[0]` of an input or output
/// is -1, the batch; all other extents are positive. Unused ones are 0.
typedef struct dlc_tensor_info {
  const char *name;
  int32_t dtype; ///< a dlc_dtype
  int32_t rank;
  int64_t shape[DLC_MAX_RANK];
} dlc_tensor_info;

/// A tensor with its data: contiguous, no -1 in its shape.
typedef struct dlc_tensor {
  dlc_tensor_info info;
  void *data;
} dlc_tensor;

/// What a library holds. Constant, shared by all instances, never freed.
typedef struct dlc_model_info {
  uint64_t size; ///< sizeof(dlc_model_info) when the library was built
  const char *name;
  int64_t static_batch; ///< the only batch allowed, or 0 for any
  int32_t num_inputs, num_outputs, num_params, num_variants;
  const dlc_tensor_info *inputs;  ///< in the order of `forward`'s arrays
  const dlc_tensor_info *outputs; ///< in the order of `forward`'s arrays
  const dlc_tensor_info *params;  ///< the tensors a weights file must hold
  const char *const *variants;    ///< names: CPUs, best first, then GPUs
  /// The arena of an instance takes at most
  ///   arena_const_bytes + max_batch * arena_batch_bytes
  ///                     + threads * arena_thread_bytes
  /// bytes, whichever variant is chosen; less, where large batches pass through
  /// a few samples at a time.
  int64_t arena_const_bytes, arena_batch_bytes, arena_thread_bytes;

  // Of libraries that were compiled with --train; zero in all others.
  int32_t num_targets, num_metrics;
  /// In the order of `train_step`'s array. Each has the name of its output.
  const dlc_tensor_info *targets;
  const char *const *metrics; ///< names of what `evaluate` yields; the first is the loss
  /// The same terms for a trainable instance; they suffice for `forward` too.
  int64_t train_arena_const_bytes, train_arena_batch_bytes, train_arena_thread_bytes;
} dlc_model_info;

/// How the learning rate follows from the number of updates done, `step`.
typedef enum dlc_schedule_kind {
  DLC_SCHEDULE_CONSTANT = 0,    ///< r
  DLC_SCHEDULE_STEP = 1,        ///< r * gamma ^ floor(step / period)
  DLC_SCHEDULE_EXPONENTIAL = 2, ///< r * gamma ^ (step / period)
  DLC_SCHEDULE_COSINE = 3, ///< minimum + (r - minimum) / 2 * (1 + cos(pi * min(step / period, 1)))
  DLC_SCHEDULE_INVERSE = 4 ///< r * (1 + gamma * step) ^ -power
} dlc_schedule_kind;

/// A learning rate r = `learning_rate` and its schedule. During the first
/// `warmup_steps` updates the rate is multiplied by (step + 1) / warmup_steps.
/// Fields that a kind does not name have no meaning for it.
typedef struct dlc_schedule {
  double learning_rate; ///< finite, at least 0
  int64_t kind;         ///< a dlc_schedule_kind
  double gamma;         ///< finite, at least 0
  double power;         ///< finite
  double minimum;       ///< finite, at least 0
  double period;        ///< in updates; finite, above 0
  int64_t warmup_steps; ///< at least 0
} dlc_schedule;

/// What an instance runs on.
typedef enum dlc_target {
  DLC_TARGET_ONLY = 0, ///< the library's only target; an error where it has both
  DLC_TARGET_CPU = 1,
  DLC_TARGET_CUDA = 2
} dlc_target;

/// How to create an instance. Zero is the default of every field but `size`:
///
///   dlc_options options = {0};
///   options.size = sizeof options;
///   options.max_batch = 32;
typedef struct dlc_options {
  /// sizeof(dlc_options), so that fields can be added later.
  uint64_t size;

  /// The largest batch `forward` will get. Default 1; for a library of a
  /// static batch that batch, and nothing else.
  int64_t max_batch;

  /// Threads that work on one call, the caller's included; at most 1024.
  /// Default: the number of online cores. Results do not depend on it. The
  /// instance's own threads move off a core that they share with each other or
  /// with the caller, among the cores that `create` was called with; the
  /// caller's thread stays where it is.
  int32_t threads;

  /// Non-zero asks for a trainable instance: an error in a library that was
  /// compiled for inference.
  int32_t training;

  /// Seed of first values, Dropout and the like; inference does not use it.
  uint64_t seed;

  /// The arena, 64-byte aligned, kept until `destroy`; NULL to allocate it.
  /// `memory_size` bytes; what is needed follows from dlc_model_info.
  void *memory;
  uint64_t memory_size;

  /// Replacements for malloc and free, both or neither. `allocate` returns
  /// `bytes` bytes at a multiple of `alignment` (a power of two up to 64), or
  /// NULL; `release` gets the same number of bytes. Called by create, load and
  /// destroy only.
  void *(*allocate)(void *user, uint64_t bytes, uint64_t alignment);
  void (*release)(void *user, void *pointer, uint64_t bytes);
  void *allocator_user;

  /// Replacement for the instance's own threads: calls task(context, i) once
  /// for each i in [0, count), in any order and on any threads, and returns
  /// when all are done. `count` is at most `threads`.
  void (*parallel_for)(void *user, int64_t count, void (*task)(void *context, int64_t i),
                       void *context);
  void *parallel_for_user;

  /// The CPU variant to run, one of dlc_model_info.variants; NULL: the best
  /// one that this CPU can run.
  const char *cpu_variant;

  /// Where `create` writes why it failed, NUL-terminated; may be NULL.
  char *error;
  uint64_t error_size;

  /// A dlc_target: what to run on, where the library was compiled for both.
  int32_t target;

  /// On CUDA: the number of the device, as the driver counts.
  int32_t device;

  /// On CUDA: the caller's stream (a CUstream or cudaStream_t of the device's primary
  /// context), in which all calls of the instance are then enqueued, and which lives
  /// as long; NULL: one of its own.
  void *stream;

  /// For batches whose parts others differentiate at the same time (see
  /// set_first_sample); NULL: nobody is told. differentiate and train_step call
  /// it once for each gradient, on the caller's thread, as soon as that gradient
  /// is complete: while those of earlier layers are still to be computed, and
  /// before the loss is known to be finite. Till the next call of the instance
  /// the library leaves the gradient alone, but for an update, so that it may be
  /// sent and changed from here on, by other threads too. The order, last layers
  /// first, is the same in each call of one CPU variant of a library. On CPUs only.
  void (*on_gradient)(void *user, const dlc_tensor *gradient);

  /// For the same batches, of models that say "sync_batch_norm": true. Replaces
  /// `count` numbers by the sum, over all parts of the batch, of theirs, each
  /// times its part's share of the samples. Called during differentiate,
  /// train_step and backward, on the caller's thread, by all parts equally often
  /// and with the same counts. NULL: the part is the whole. On CPUs only.
  void (*joint_mean)(void *user, float *data, int64_t count);
  void *joint_user; ///< of both
} dlc_options;

/// An instance of a model: its weights, arena and threads.
typedef struct dlc_model dlc_model;

/// All functions of a library, for tools that load it by name. A generated .so
/// exports `const dlc_entry *dlc_model_entry(void)`.
typedef struct dlc_entry {
  uint64_t size;    ///< sizeof(dlc_entry) when the library was built
  uint64_t version; ///< DLC_RUNTIME_VERSION when the library was built
  const dlc_model_info *(*info)(void);
  dlc_status (*create)(const dlc_options *options, dlc_model **out);
  dlc_status (*load)(dlc_model *m, const char *path);
  dlc_status (*load_memory)(dlc_model *m, const void *data, uint64_t size);
  dlc_status (*forward)(dlc_model *m, int64_t batch, const dlc_in *inputs, const dlc_out *outputs);
  const char *(*variant)(const dlc_model *m);
  const char *(*error)(const dlc_model *m);
  void (*destroy)(dlc_model *m);
  dlc_status (*save_prepared)(dlc_model *m, const char *path);

  // NULL in libraries that were compiled for inference.
  dlc_status (*train_step)(dlc_model *m, int64_t batch, const dlc_in *inputs, const dlc_in *targets,
                           float *loss);
  dlc_status (*differentiate)(dlc_model *m, int64_t batch, const dlc_in *inputs,
                              const dlc_in *targets, float *loss);
  dlc_status (*backward)(dlc_model *m, int64_t batch, const dlc_in *inputs,
                         const dlc_in *output_grads, const dlc_out *input_grads);
  dlc_status (*update)(dlc_model *m);
  dlc_status (*zero_grad)(dlc_model *m);
  dlc_status (*evaluate)(dlc_model *m, int64_t batch, const dlc_in *inputs, const dlc_in *targets,
                         double *metrics);
  dlc_status (*gradients)(dlc_model *m, dlc_tensor *list, int64_t *count);
  dlc_status (*save)(dlc_model *m, const char *path);
  dlc_status (*save_state)(dlc_model *m, const char *path);
  dlc_status (*load_state)(dlc_model *m, const char *path);
  dlc_status (*set_schedule)(dlc_model *m, const dlc_schedule *schedule);
  dlc_status (*get_schedule)(dlc_model *m, dlc_schedule *schedule);
  double (*learning_rate)(const dlc_model *m);
  int64_t (*step)(const dlc_model *m);
  dlc_status (*set_first_sample)(dlc_model *m, int64_t number);

  // NULL in libraries that were compiled for CPUs alone.
  dlc_status (*warm)(dlc_model *m, int64_t batch);
} dlc_entry;

typedef const dlc_entry *(*dlc_model_entry_fn)(void);

#ifdef __cplusplus
}
#endif

#endif // DLC_RUNTIME_H
