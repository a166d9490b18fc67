//===-- Prepare.cpp - Weights prepared at compile time -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Prepare.h"

#include "compiler/emit/Check.h"
#include "runtime/dlc_runtime.h"

#include "llvm/ADT/ScopeExit.h"

#include <dlfcn.h>

using namespace llvm;
using namespace dlc::emit;

std::string dlc::emit::preparedFile(StringRef name, StringRef variant) {
  return ("lib" + name + "." + variant + ".prepared").str();
}

bool dlc::emit::isPreparedFile(StringRef file, StringRef name) {
  return file.consume_front("lib") && file.consume_front(name) && file.consume_front(".") &&
         file.ends_with(".prepared");
}

/// False where this machine cannot run the variant; `reason` then says why.
static Expected<bool> prepareVariant(const dlc_entry &entry, const char *variant,
                                     const std::string &weights, const std::string &place,
                                     std::string &reason) {
  char text[512] = "";
  dlc_options options = {};
  options.size = sizeof options;
  options.cpu_variant = variant;
  options.error = text;
  options.error_size = sizeof text;
  if (entry.info()->static_batch == 0)
    options.max_batch = 1;
  dlc_model *model = nullptr;
  dlc_status status = entry.create(&options, &model);
  if (status == DLC_ERROR_UNSUPPORTED) {
    StringRef why = text;
    why.consume_front("dlc_options.cpu_variant: ");
    reason = why.str();
    return false;
  }
  if (status != DLC_OK)
    return createStringError(text);
  scope_exit end([&] { entry.destroy(model); });
  status = entry.load(model, weights.c_str());
  if (status == DLC_OK)
    status = entry.save_prepared(model, place.c_str());
  if (status != DLC_OK)
    return createStringError(entry.error(model));
  return true;
}

Error dlc::emit::prepareWeights(const std::string &library, const std::string &weights,
                                function_ref<std::string(StringRef variant)> place,
                                function_ref<void(StringRef variant)> done,
                                function_ref<void(std::string reason)> skipped) {
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    StringRef reason = dlerror();
    reason.consume_front(library + ": ");
    return createStringError(
        "cannot prepare the weights: this machine does not load the library (" + reason +
        "); compile without --prepare=compile, and call save_prepared where "
        "it runs");
  }
  scope_exit end([&] { dlclose(handle); });
  auto get = reinterpret_cast<dlc_model_entry_fn>(dlsym(handle, "dlc_model_entry"));
  if (!get)
    return makeFault("the library has no dlc_model_entry");
  const dlc_entry &entry = *get();
  const dlc_model_info &info = *entry.info();
  std::string reason;
  bool any = false;
  for (StringRef variant : ArrayRef(info.variants, static_cast<size_t>(info.num_variants))) {
    Expected<bool> prepared =
        prepareVariant(entry, variant.data(), weights, place(variant), reason);
    if (!prepared)
      return prepared.takeError();
    any |= *prepared;
    if (*prepared)
      done(variant);
    else
      skipped("the weights are not prepared for " + variant.str() + ": " + reason);
  }
  if (!any)
    return createStringError("the weights cannot be prepared on this machine: " + reason +
                             "; compile without --prepare=compile, and call save_prepared where "
                             "the library runs");
  return Error::success();
}
