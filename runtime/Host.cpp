//===-- Host.cpp - Running a model on the CPU -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Backend.h"
#include "Cpu.h"

#include <stdio.h>
#include <string.h>

using namespace dlc::rt;

//===----------------------------------------------------------------------===//
// The CPU variant
//===----------------------------------------------------------------------===//

/// The variants for CPUs come first.
static int32_t numCpuVariants(const dlc_rt_model_desc &desc) {
  int32_t count = 0;
  while (count < desc.info.num_variants && !desc.variants[count].gpu)
    ++count;
  return count;
}

static dlc_status chooseNamedVariant(dlc_model &m, const char *name) {
  const dlc_rt_model_desc &desc = *m.desc;
  char names[256] = "";
  for (int32_t i = 0; i < numCpuVariants(desc); ++i) {
    if (strcmp(desc.variants[i].name, name) == 0)
      m.variant = &desc.variants[i];
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", desc.variants[i].name);
  }
  if (!m.variant)
    return m.message().set(DLC_ERROR_ARGUMENT,
                           "dlc_options.cpu_variant: model \"%s\" has no variant %s; it has %s",
                           desc.info.name, Quoted(name).text, names);
  const uint64_t missing = m.variant->features & ~dlc_rt_cpu_features();
  if (missing)
    return m.message().set(DLC_ERROR_UNSUPPORTED,
                           "dlc_options.cpu_variant: this CPU cannot run \"%s\": it lacks %s",
                           m.variant->name, FeatureText(missing).text);
  return DLC_OK;
}

static dlc_status chooseVariant(dlc_model &m) {
  const uint64_t present = dlc_rt_cpu_features();
  uint64_t missing = 0;
  for (int32_t i = 0; i < numCpuVariants(*m.desc); ++i) {
    missing = m.desc->variants[i].features & ~present;
    if (!missing) {
      m.variant = &m.desc->variants[i];
      return DLC_OK;
    }
  }
  return m.message().set(DLC_ERROR_UNSUPPORTED,
                         "model \"%s\" has no variant for this CPU, which lacks %s; compile it "
                         "with a lower --march",
                         m.desc->info.name, FeatureText(missing).text);
}

//===----------------------------------------------------------------------===//
// The backend
//===----------------------------------------------------------------------===//

static dlc_status openHost(dlc_model &m, const dlc_options &options) {
  if (dlc_status status =
          options.cpu_variant ? chooseNamedVariant(m, options.cpu_variant) : chooseVariant(m))
    return status;
  return m.threads.start(options.threads, options, m.self.allocator, m.message());
}

static void closeHost(dlc_model &m) { m.threads.stop(); }

static dlc_status allocate(dlc_model &m, const char *what, uint64_t bytes, Block &block) {
  if (block.allocate(m.self.allocator, bytes))
    return DLC_OK;
  return m.message().set(DLC_ERROR_RESOURCE, "model \"%s\": no memory for %s (%llu bytes)",
                         m.desc->info.name, what, (unsigned long long)bytes);
}

static dlc_status copyBytes(dlc_model &, void *to, const void *from, uint64_t bytes) {
  if (bytes)
    memcpy(to, from, bytes);
  return DLC_OK;
}

static dlc_status clearBytes(dlc_model &, void *data, uint64_t bytes) {
  if (bytes)
    memset(data, 0, bytes);
  return DLC_OK;
}

static bool isReadable(dlc_model &, const void *) { return true; }

static dlc_status prepare(dlc_model &m, char *prepared, char *scratch) {
  const FloatEnvironment environment;
  m.variant->prepare(&m, prepared, scratch);
  return DLC_OK;
}

static dlc_status run(dlc_model &m, Entry entry, int64_t batch, const void *const *inputs,
                      void *const *outputs) {
  const FloatEnvironment environment;
  // Metrics reads no weights, so it is no turn of those that do.
  if (entry != Entry::Metrics)
    m.back = !m.back;
  callEntry(m, entry, batch, inputs, outputs);
  return DLC_OK;
}

static dlc_status warm(dlc_model &, Entry, int64_t) { return DLC_OK; }

const dlc_rt_backend dlc::rt::host = {
    /*sharesMemory=*/true,
    openHost,
    closeHost,
    allocate,
    copyBytes,
    copyBytes,
    copyBytes,
    clearBytes,
    isReadable,
    prepare,
    run,
    warm};
