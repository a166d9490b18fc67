//===-- Driver.cpp - The CUDA driver, found at run time -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cuda/Driver.h"

#include <dlfcn.h>
#include <stdio.h>

using namespace dlc::rt;
using namespace dlc::rt::cuda;

Driver::ErrorText Driver::describe(Result result) const {
  const char *name = nullptr, *sentence = nullptr;
  cuGetErrorName(result, &name);
  cuGetErrorString(result, &sentence);
  ErrorText out;
  if (name)
    snprintf(out.text, sizeof out.text, "%s (%s)", name, sentence ? sentence : "no more is known");
  else
    snprintf(out.text, sizeof out.text, "error %d", result);
  return out;
}

static dlc_status start(Driver &driver, const char *model, const Message &message) {
  if (Result result = driver.cuDriverGetVersion(&driver.version))
    return message.set(DLC_ERROR_DEVICE, "model \"%s\": the CUDA driver tells no version: %s",
                       model, driver.describe(result).text);
  if (driver.version < kOldestDriver)
    return message.set(DLC_ERROR_UNSUPPORTED,
                       "model \"%s\": the driver is for CUDA %d.%d, too old; install one for CUDA "
                       "%d.0 or later, or run a CPU variant",
                       model, driver.version / 1000, driver.version % 1000 / 10,
                       kOldestDriver / 1000);
  const Result result = driver.cuInit(0);
  if (result == kNoDevice)
    return message.set(DLC_ERROR_UNSUPPORTED,
                       "model \"%s\": this machine has no CUDA device; run a CPU variant", model);
  if (result)
    return message.set(DLC_ERROR_DEVICE,
                       "model \"%s\": the CUDA driver does not start: %s; see whether nvidia-smi "
                       "works",
                       model, driver.describe(result).text);
  return DLC_OK;
}

dlc_status Driver::load(const char *model, const Message &message) {
  // It has threads and is not made to be unmapped.
  library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) {
    const char *reason = dlerror();
    return message.set(DLC_ERROR_UNSUPPORTED,
                       "model \"%s\": the CUDA driver cannot be opened: %s; install NVIDIA's "
                       "driver, or run a CPU variant",
                       model, reason ? reason : "libcuda.so.1");
  }
#define DLC_CUDA_FUNCTION(name, parameters) {#name, reinterpret_cast<void **>(&this->name)},
  const struct {
    const char *name;
    void **function;
  } functions[] = {DLC_CUDA_FUNCTIONS(DLC_CUDA_FUNCTION)};
#undef DLC_CUDA_FUNCTION
  for (const auto &entry : functions) {
    *entry.function = dlsym(library, entry.name);
    if (!*entry.function)
      return message.set(DLC_ERROR_UNSUPPORTED,
                         "model \"%s\": the CUDA driver is too old, it has no %s; install one for "
                         "CUDA %d.0 or later, or run a CPU variant",
                         model, entry.name, kOldestDriver / 1000);
  }
  return start(*this, model, message);
}

void Driver::unload() {
  if (library)
    dlclose(library);
  library = nullptr;
}
