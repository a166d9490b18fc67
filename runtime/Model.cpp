//===-- Model.cpp - Running a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Model.h"

#include "Cpu.h"

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

namespace {

/// The bytes a call reads or writes at one place.
struct Bytes {
  const char *first, *last; ///< last is past the end
};

bool overlap(Bytes a, Bytes b) { return a.first < b.last && b.first < a.last; }

Bytes bytesAt(const void *data, int64_t count) {
  auto *first = static_cast<const char *>(data);
  return {first, first + count};
}

/// The checks of one forward call, in the order in which a user would look.
class ForwardCheck {
public:
  ForwardCheck(dlc_model &m, int64_t batch)
      : m(m), info(m.desc->info), batch(batch), message(m.message()) {}

  dlc_status run(const dlc_in *inputs, const dlc_out *outputs);

private:
  dlc_status checkBatch();
  dlc_status checkBuffer(const char *kind, const dlc_tensor_info &declared, const void *data,
                         int32_t dtype);
  dlc_status checkOverlap(int32_t output);

  Bytes input(int32_t i) const { return bytesAt(m.inputs[i], batch * m.inputBytes[i]); }
  Bytes output(int32_t i) const { return bytesAt(m.outputs[i], batch * m.outputBytes[i]); }

  dlc_model &m;
  const dlc_model_info &info;
  const int64_t batch;
  const Message message;
};

} // namespace

dlc_status ForwardCheck::checkBatch() {
  if (info.static_batch && batch != info.static_batch)
    return message.set(DLC_ERROR_ARGUMENT,
                       "model \"%s\": batch %lld, but this library was compiled "
                       "for batch %lld alone",
                       info.name, (long long)batch, (long long)info.static_batch);
  if (batch < 1)
    return message.set(DLC_ERROR_ARGUMENT, "model \"%s\": batch %lld; it must be at least 1",
                       info.name, (long long)batch);
  if (batch > m.maxBatch)
    return message.set(DLC_ERROR_ARGUMENT,
                       "model \"%s\": batch %lld is above max_batch %lld; "
                       "create the instance with a larger "
                       "dlc_options.max_batch",
                       info.name, (long long)batch, (long long)m.maxBatch);
  return DLC_OK;
}

dlc_status ForwardCheck::checkBuffer(const char *kind, const dlc_tensor_info &declared,
                                     const void *data, int32_t dtype) {
  if (dtype != declared.dtype)
    return message.set(DLC_ERROR_ARGUMENT, "%s \"%s\": dtype %s (%d) given, %s (%d) is due", kind,
                       declared.name, dtypeName(dtype), dtype, dtypeName(declared.dtype),
                       declared.dtype);
  if (!data)
    return message.set(DLC_ERROR_ARGUMENT, "%s \"%s\": its data are NULL", kind, declared.name);
  const int64_t width = dlc_dtype_bytes(dtype);
  if (reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(width))
    return message.set(DLC_ERROR_ARGUMENT,
                       "%s \"%s\": its data must lie at a multiple of %lld "
                       "bytes, the size of %s",
                       kind, declared.name, (long long)width, dtypeName(dtype));
  return DLC_OK;
}

dlc_status ForwardCheck::checkOverlap(int32_t i) {
  const char *name = info.outputs[i].name;
  const Bytes mine = output(i);
  for (int32_t j = 0; j < info.num_inputs; ++j)
    if (overlap(mine, input(j)))
      return message.set(DLC_ERROR_ARGUMENT,
                         "output \"%s\" overlaps input \"%s\"; give it memory "
                         "of its own",
                         name, info.inputs[j].name);
  for (int32_t j = 0; j < i; ++j)
    if (overlap(mine, output(j)))
      return message.set(DLC_ERROR_ARGUMENT,
                         "output \"%s\" overlaps output \"%s\"; give it memory "
                         "of its own",
                         name, info.outputs[j].name);
  if (overlap(mine, bytesAt(m.arena, m.arenaBytes)))
    return message.set(DLC_ERROR_ARGUMENT,
                       "output \"%s\" lies in dlc_options.memory; give it "
                       "memory of its own",
                       name);
  return DLC_OK;
}

dlc_status ForwardCheck::run(const dlc_in *inputs, const dlc_out *outputs) {
  if (!m.ready)
    return message.set(DLC_ERROR_NOT_READY,
                       "model \"%s\": forward before its weights were loaded; "
                       "call load or load_memory first",
                       info.name);
  if (dlc_status status = checkBatch())
    return status;
  if (!inputs || !outputs)
    return message.set(DLC_ERROR_ARGUMENT, "model \"%s\": the array of %s is NULL", info.name,
                       inputs ? "outputs" : "inputs");
  for (int32_t i = 0; i < info.num_inputs; ++i) {
    if (dlc_status status = checkBuffer("input", info.inputs[i], inputs[i].data, inputs[i].dtype))
      return status;
    m.inputs[i] = inputs[i].data;
    if (overlap(input(i), bytesAt(m.arena, m.arenaBytes)))
      return message.set(DLC_ERROR_ARGUMENT,
                         "input \"%s\" lies in dlc_options.memory; give it "
                         "memory of its own",
                         info.inputs[i].name);
  }
  for (int32_t i = 0; i < info.num_outputs; ++i) {
    if (dlc_status status =
            checkBuffer("output", info.outputs[i], outputs[i].data, outputs[i].dtype))
      return status;
    m.outputs[i] = outputs[i].data;
    if (dlc_status status = checkOverlap(i))
      return status;
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

dlc_status dlc_rt_forward(dlc_model *m, int64_t batch, const dlc_in *inputs,
                          const dlc_out *outputs) {
  if (!m)
    return DLC_ERROR_ARGUMENT;
  const Call call(m);
  if (!call.entered())
    return DLC_ERROR_BUSY;
  if (dlc_status status = ForwardCheck(*m, batch).run(inputs, outputs))
    return status;
  const FloatEnvironment environment;
  const int64_t most = m->variant->batch_step > 0 ? m->variant->batch_step : batch;
  for (int64_t first = 0; first < batch; first += most) {
    const int64_t step = batch - first < most ? batch - first : most;
    m->back = !m->back;
    m->variant->forward(m, step, m->inputs, m->outputs, m->prepared, m->arena);
    passSamples(*m, step);
  }
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// parallel_for
//===----------------------------------------------------------------------===//

namespace {

/// Each part begins with its share of half the items. The rest goes in shrinking
/// chunks to whichever part is done, so that a core that is busy elsewhere keeps
/// nobody waiting.
struct Loop {
  void (*plain)(void *args, int64_t lo, int64_t hi);
  void (*slotted)(void *args, int64_t lo, int64_t hi, int64_t slot);
  void *args;
  int64_t n, grain, parts;
  int64_t shared; ///< items before it are shared out at the start
  int64_t next;   ///< the first item that nobody took

  Loop(int64_t n, int64_t grain, int64_t threads)
      : plain(nullptr), slotted(nullptr), args(nullptr), n(n), grain(grain < 1 ? 1 : grain),
        parts(partCount(n, grain, threads)) {
    const int64_t least = parts * this->grain;
    shared = n / 2 > least ? n / 2 : least;
    if (n - shared < this->grain)
      shared = n;
    next = shared;
  }

  void call(Range range, int64_t part) const {
    if (plain)
      plain(args, range.lo, range.hi);
    else
      slotted(args, range.lo, range.hi, part);
  }

  /// Not shorter than the grain, unless the loop is.
  bool take(Range &range) {
    int64_t lo = __atomic_load_n(&next, __ATOMIC_RELAXED), hi;
    do {
      if (lo == n)
        return false;
      const int64_t fair = (n - lo) / (2 * parts);
      hi = lo + (fair > grain ? fair : grain);
      hi = n - hi < grain ? n : hi;
    } while (
        !__atomic_compare_exchange_n(&next, &lo, hi, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    range = {lo, hi};
    return true;
  }
};

void runPart(void *context, int64_t i) {
  Loop &loop = *static_cast<Loop *>(context);
  const FloatEnvironment environment;
  Range range = partOf(loop.shared, loop.parts, i);
  do
    loop.call(range, i);
  while (loop.take(range));
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
