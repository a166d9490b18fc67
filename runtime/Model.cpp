//===-- Model.cpp - Running a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Model.h"

#include "Arguments.h"
#include "Backend.h"
#include "Cpu.h"
#include "Training.h"

using namespace dlc::rt;

Call::Call(dlc_model *m)
    : model(__atomic_exchange_n(&m->busy, true, __ATOMIC_ACQUIRE) ? nullptr : m) {
  if (model)
    model->threads.dropLostWorkers();
}

Call::~Call() {
  if (model)
    __atomic_store_n(&model->busy, false, __ATOMIC_RELEASE);
}

//===----------------------------------------------------------------------===//
// forward
//===----------------------------------------------------------------------===//

static dlc_status takeArrays(dlc_model &m, int64_t batch, const dlc_in *inputs,
                             const dlc_out *outputs) {
  const dlc_model_info &info = m.desc->info;
  Arguments arguments(m, batch);
  if (dlc_status status = arguments.checkBatch())
    return status;
  if (!inputs || !outputs)
    return m.message().set(DLC_ERROR_ARGUMENT, "model \"%s\": the array of %s is NULL", info.name,
                           inputs ? "outputs" : "inputs");
  if (dlc_status status = arguments.takeInputs("input", info.num_inputs, info.inputs, inputs,
                                               m.inputBytes, m.inputs))
    return status;
  for (int32_t i = 0; i < info.num_outputs; ++i) {
    if (dlc_status status =
            arguments.takeOutput("output", info.outputs[i], outputs[i], m.outputBytes[i]))
      return status;
    m.outputs[i] = outputs[i].data;
  }
  return DLC_OK;
}

/// Moves the pointers to inputs and outputs past `samples` samples.
static void passSamples(dlc_model &m, int64_t samples) {
  const dlc_model_info &info = m.desc->info;
  for (int32_t i = 0; i < info.num_inputs; ++i)
    m.inputs[i] = static_cast<const char *>(m.inputs[i]) + samples * m.inputBytes[i];
  for (int32_t i = 0; i < info.num_outputs; ++i)
    m.outputs[i] = static_cast<char *>(m.outputs[i]) + samples * m.outputBytes[i];
}

void dlc::rt::callEntry(dlc_model &m, Entry entry, int64_t batch, const void *const *inputs,
                        void *const *outputs) {
  const dlc_rt_variant &v = *m.variant;
  if (entry == Entry::Forward)
    return v.forward(&m, batch, inputs, outputs, m.prepared, m.arena);
  const decltype(v.gradients) functions[] = {v.gradients, v.backward, v.update, v.metrics};
  char *state = entry == Entry::Metrics ? nullptr : m.training->state.data;
  functions[static_cast<int32_t>(entry) - 1](&m, batch, inputs, outputs, state, m.arena);
}

dlc_status dlc::rt::runForward(dlc_model &m, int64_t batch) {
  if (dlc_status status = refresh(m))
    return status;
  const int64_t most = m.variant->batch_step > 0 ? m.variant->batch_step : batch;
  for (int64_t first = 0; first < batch; first += most) {
    const int64_t step = batch - first < most ? batch - first : most;
    if (dlc_status status = m.backend->run(m, Entry::Forward, step, m.inputs, m.outputs))
      return status;
    passSamples(m, step);
  }
  return DLC_OK;
}

static dlc_status checkReady(dlc_model &m, const char *call) {
  if (m.ready)
    return DLC_OK;
  return m.message().set(DLC_ERROR_NOT_READY,
                         "model \"%s\": %s before its weights were loaded; call load or "
                         "load_memory first",
                         m.desc->info.name, call);
}

dlc_status dlc_rt_forward(dlc_model *m, int64_t batch, const dlc_in *inputs,
                          const dlc_out *outputs) {
  if (!m)
    return DLC_ERROR_ARGUMENT;
  const Call call(m);
  if (!call.entered())
    return DLC_ERROR_BUSY;
  if (dlc_status status = checkReady(*m, "forward"))
    return status;
  if (dlc_status status = takeArrays(*m, batch, inputs, outputs))
    return status;
  return runForward(*m, batch);
}

/// The calls of forward that a batch takes are of two sizes at most.
static dlc_status warmForward(dlc_model &m, int64_t batch) {
  const int64_t most = m.variant->batch_step;
  if (most <= 0 || batch <= most)
    return m.backend->warm(m, Entry::Forward, batch);
  if (dlc_status status = m.backend->warm(m, Entry::Forward, most))
    return status;
  return batch % most ? m.backend->warm(m, Entry::Forward, batch % most) : DLC_OK;
}

dlc_status dlc_rt_warm(dlc_model *m, int64_t batch) {
  if (!m)
    return DLC_ERROR_ARGUMENT;
  const Call call(m);
  if (!call.entered())
    return DLC_ERROR_BUSY;
  if (dlc_status status = Arguments(*m, batch).checkBatch())
    return status;
  if (dlc_status status = checkReady(*m, "warm"))
    return status;
  if (dlc_status status = warmForward(*m, batch))
    return status;
  if (!m->training)
    return DLC_OK;
  const Entry entries[] = {Entry::Gradients, Entry::Backward, Entry::Metrics, Entry::Step};
  for (Entry entry : entries)
    if (dlc_status status = m->backend->warm(*m, entry, batch))
      return status;
  return m->backend->warm(*m, Entry::Update, 0);
}

//===----------------------------------------------------------------------===//
// parallel_for
//===----------------------------------------------------------------------===//

namespace {

/// Each part has an equal share of the items. It begins with the first half of that,
/// and takes half of what is left at a time. So loops over the same image share it out
/// in the same way, and a core finds in its cache what it wrote. A part that is done
/// goes on with the ends of the others' shares: a core that is busy elsewhere keeps
/// nobody waiting.
struct Loop {
  static constexpr int64_t kMostShares = 16; ///< further parts have none of their own

  /// The second half of a share, or what is left of it, in a cache line of its own:
  /// most often one part alone takes of it.
  struct alignas(64) Rest {
    uint64_t bounds; ///< units: the first in the low half, the end in the high half

    void set(Range units) {
      bounds = static_cast<uint64_t>(units.hi) << 32 | static_cast<uint64_t>(units.lo);
    }

    bool take(bool fromBegin, Range &some) {
      uint64_t before = __atomic_load_n(&bounds, __ATOMIC_RELAXED), after;
      do {
        const uint64_t lo = before & UINT32_MAX, hi = before >> 32, half = (hi - lo) / 2;
        if (lo == hi)
          return false;
        const uint64_t cut = fromBegin ? hi - half : lo + half;
        after = fromBegin ? hi << 32 | cut : cut << 32 | lo;
        some.lo = static_cast<int64_t>(fromBegin ? lo : cut);
        some.hi = static_cast<int64_t>(fromBegin ? cut : hi);
      } while (!__atomic_compare_exchange_n(&bounds, &before, after, true, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED));
      return true;
    }
  };

  void (*plain)(void *args, int64_t lo, int64_t hi);
  void (*slotted)(void *args, int64_t lo, int64_t hi, int64_t slot);
  void *args;
  int64_t n, parts, shares;
  int64_t units; ///< of `each` items, the first `longer` of them of one more; not below the grain
  int64_t each, longer;
  Rest rests[kMostShares];

  Loop(int64_t n, int64_t grain, int64_t threads)
      : plain(nullptr), slotted(nullptr), args(nullptr), n(n), parts(partCount(n, grain, threads)),
        shares(parts < kMostShares ? parts : kMostShares), units(n / (grain < 1 ? 1 : grain)) {
    if (parts == 1)
      return;
    units = units < INT32_MAX ? units : INT32_MAX;
    units -= units % shares;
    each = n / units;
    longer = n % units;
    for (int64_t i = 0; i < shares; ++i)
      rests[i].set({firstHalf(i).hi, (i + 1) * (units / shares)});
  }

  /// Of a share, in units.
  Range firstHalf(int64_t share) const {
    const int64_t all = units / shares, lo = share * all;
    return {lo, lo + all - all / 2};
  }

  int64_t firstItem(int64_t unit) const { return unit * each + (unit < longer ? unit : longer); }

  void callUnits(Range some, int64_t part) const {
    call({firstItem(some.lo), firstItem(some.hi)}, part);
  }

  void call(Range range, int64_t part) const {
    if (plain)
      plain(args, range.lo, range.hi);
    else
      slotted(args, range.lo, range.hi, part);
  }

  void run(int64_t part) {
    if (part < shares)
      callUnits(firstHalf(part), part);
    for (int64_t i = 0; i < shares; ++i)
      for (Range some; rests[(part + i) % shares].take(/*fromBegin=*/i == 0, some);)
        callUnits(some, part);
  }
};

void runPart(void *context, int64_t i) {
  const FloatEnvironment environment;
  static_cast<Loop *>(context)->run(i);
}

/// A loop whose parts are the same in every call.
struct KeptLoop {
  void (*fn)(void *args, int64_t lo, int64_t hi);
  void *args;
  int64_t n, grain, parts;
  bool back;

  void run(int64_t part) const {
    const Range range = partOf(n, parts, part);
    if (!back)
      return fn(args, range.lo, range.hi);
    for (int64_t hi = range.hi, lo; hi > range.lo; hi = lo) {
      lo = hi - range.lo < 2 * grain ? range.lo : hi - grain;
      fn(args, lo, hi);
    }
  }
};

void runKeptPart(void *context, int64_t i) {
  const FloatEnvironment environment;
  static_cast<KeptLoop *>(context)->run(i);
}

} // namespace

static void run(dlc_model *rt, Loop &loop) {
  if (loop.parts == 1)
    return loop.call({0, loop.n}, 0);
  rt->threads.run(loop.parts, runPart, &loop);
}

void dlc_rt_parallel_for(dlc_model *rt, void (*fn)(void *args, int64_t lo, int64_t hi), void *args,
                         int64_t n, int64_t grain) {
  if (n <= 0)
    return;
  Loop loop(n, grain, rt->threads.count);
  loop.plain = fn;
  loop.args = args;
  run(rt, loop);
}

void dlc_rt_parallel_for_slots(dlc_model *rt,
                               void (*fn)(void *args, int64_t lo, int64_t hi, int64_t slot),
                               void *args, int64_t n, int64_t grain) {
  if (n <= 0)
    return;
  Loop loop(n, grain, rt->threads.count);
  loop.slotted = fn;
  loop.args = args;
  run(rt, loop);
}

void dlc_rt_parallel_for_kept(dlc_model *rt, void (*fn)(void *args, int64_t lo, int64_t hi),
                              void *args, int64_t n, int64_t grain) {
  if (n <= 0)
    return;
  grain = grain < 1 ? 1 : grain;
  KeptLoop loop{fn, args, n, grain, partCount(n, grain, rt->threads.count), rt->back};
  if (loop.parts == 1)
    return loop.run(0);
  rt->threads.run(loop.parts, runKeptPart, &loop);
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

const dlc_model_info *dlc_rt_info(const dlc_rt_model_desc *desc) { return &desc->info; }

const char *dlc_rt_variant_name(const dlc_model *m) { return m ? m->variant->name : ""; }

const char *dlc_rt_error(const dlc_model *m) {
  return m ? m->error
           : "there is no instance; set dlc_options.error to learn why create "
             "failed";
}
