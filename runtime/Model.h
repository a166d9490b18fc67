//===-- Model.h - An instance of a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_MODEL_H
#define DLC_RUNTIME_MODEL_H

#include "Memory.h"
#include "Message.h"
#include "ModelDesc.h"
#include "Threads.h"

struct dlc_rt_backend;

namespace dlc::rt {

struct Taken;
struct Training;
class Weights;

/// A function of a variant that runs on a caller's data; see dlc_rt_variant.
enum class Entry : int32_t {
  Forward,
  Gradients,
  Backward,
  Update,
  Metrics,
  Step ///< Gradients and Update, of backends that do not share memory with the host
};

} // namespace dlc::rt

/// Plain: lives in zeroed memory of its own block, which also holds the five
/// arrays.
struct dlc_model {
  const dlc_rt_model_desc *desc;
  const dlc_rt_variant *variant;
  const dlc_rt_backend *backend;
  void *device; ///< the backend's own
  int64_t maxBatch;

  dlc::rt::Block self;          ///< this
  dlc::rt::Block ownArena;      ///< empty when the arena is the caller's
  dlc::rt::Block preparedOwner; ///< memory or a mapped file; empty before load
  const char *prepared;         ///< the prepared weights, in preparedOwner
  char *arena;                  ///< memory of the backend, as the weights
  int64_t arenaBytes;
  dlc::rt::Threads threads;

  dlc::rt::Training *training; ///< null where the instance only runs forward
  dlc::rt::Weights *weights;   ///< where prepare reads the parameters, while it runs
  dlc_status reading;          ///< how that went

  bool ready; ///< weights are loaded
  bool busy;  ///< a call is in progress
  bool back;  ///< loops that keep their items walk from the last to the first

  const void **inputs;   ///< one pointer per input
  void **outputs;        ///< one pointer per output
  int64_t *inputBytes;   ///< bytes of one sample, per input
  int64_t *outputBytes;  ///< bytes of one sample, per output
  dlc::rt::Taken *taken; ///< what the present call was given

  char error[1024];

  dlc::rt::Message message() { return {error, sizeof error}; }
};

namespace dlc::rt {

/// Held during a call. A call that finds another one in progress must return
/// DLC_ERROR_BUSY and touch nothing, the error sentence included.
class Call {
public:
  explicit Call(dlc_model *m);
  ~Call();
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;

  /// Whether this call may go on.
  bool entered() const { return model; }

private:
  dlc_model *model;
};

/// Calls the variant's function with the instance's blocks.
void callEntry(dlc_model &m, Entry entry, int64_t batch, const void *const *inputs,
               void *const *outputs);

/// Runs forward on m.inputs and m.outputs, which move past all samples.
dlc_status runForward(dlc_model &m, int64_t batch);

/// Memory for the weights that prepare makes, and its scratch memory.
struct PrepareMemory {
  ScopedBlock prepared, scratch;
  dlc_status allocate(dlc_model &m);
};

/// Runs prepare of the model's variant on `weights`; null: on those of the state, if any.
dlc_status runPrepare(dlc_model &m, Weights *weights, char *prepared, char *scratch);

/// The same into memory of its own, which replaces what is prepared now.
dlc_status renewPrepared(dlc_model &m, Weights *weights);

/// Puts prepared weights in the place of those before: `data`, which lie in `owner`.
void takePrepared(dlc_model &m, const Block &owner, const char *data);

} // namespace dlc::rt

#endif // DLC_RUNTIME_MODEL_H
