//===- Network.cpp - what the training loop trains ----------------------------------===//

#include "tools/train/Network.h"
#include "tools/common/Errors.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

Error train::replaceFile(StringRef path, function_ref<Error(StringRef)> write) {
  SmallString<256> temporary;
  if (std::error_code failure = sys::fs::createUniqueFile(path + ".%%%%%%", temporary))
    return inputError(path, "cannot write it: " + failure.message());
  Error error = write(temporary);
  if (!error)
    if (std::error_code failure = sys::fs::rename(temporary, path))
      error = inputError(path, "cannot write it: " + failure.message());
  if (error)
    sys::fs::remove(temporary);
  return error;
}
